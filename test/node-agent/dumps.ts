/** Dumps of guests' memory in claims of a test instance, and who writes them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiTools } from "../embedded/instance.ts";

export interface CoreFile {
  name: string;
  content: Buffer;
  /** ELF's e_type; 4: a core. */
  type: number;
  /** Bytes of guest memory, by where they begin in it. */
  memory: Map<number, number>;
}

/** All that is in a claim of the local class. */
export function dumpsIn({ fieldOf }: Pick<ApiTools, "fieldOf">, claim: string): CoreFile[] {
  const path = fieldOf(`pv/${fieldOf(`pvc/${claim}`, ".spec.volumeName")}`, ".spec.hostPath.path");
  return readdirSync(path).map((name) => parseCore(name, readFileSync(join(path, name))));
}

const loadSegment = 1;

function parseCore(name: string, content: Buffer): CoreFile {
  if (!content.subarray(0, 5).equals(Buffer.from("\x7fELF\x02", "latin1"))) throw new Error(`${name} is no ELF64`);
  const [table, size, count] = [
    Number(content.readBigUInt64LE(32)),
    content.readUInt16LE(54),
    content.readUInt16LE(56),
  ];
  const headers = Array.from({ length: count }, (_, index) => content.subarray(table + index * size));
  const segments = headers.filter((header) => header.readUInt32LE(0) === loadSegment);
  for (const header of segments) {
    const [offset, bytes] = [header.readBigUInt64LE(8), header.readBigUInt64LE(32)];
    if (offset + bytes > content.length) throw new Error(`${name} ends before its memory does`);
  }
  const memory = segments.map((header) => [header.readBigUInt64LE(24), header.readBigUInt64LE(32)].map(Number));
  return { name, content, type: content.readUInt16LE(16), memory: new Map(memory as [number, number][]) };
}

/** Stops whoever writes a dump of this installation, as storage does that answers no more. @returns its pid */
export async function stopWriter(instance: { name: string }, timeoutMs: number): Promise<number> {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    const pid = readdirSync("/proc").find((each) => /^\d+$/.test(each) && isWriter(each, instance.name));
    if (pid !== undefined) {
      process.kill(Number(pid), "SIGSTOP");
      return Number(pid);
    }
    await delay(2);
  }
  throw new Error(`nobody writes a dump within ${timeoutMs} ms`);
}

function isWriter(pid: string, instance: string): boolean {
  try {
    return (
      readFileSync(`/proc/${pid}/comm`, "utf8") === "dd\n" &&
      readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(`/${instance}/`)
    );
  } catch {
    return false; // gone
  }
}
