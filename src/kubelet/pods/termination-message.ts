/** A container's last words: what it wrote to its termination message file, or the end of its log. */
import { open } from "node:fs/promises";
import type { ContainerStatus } from "../../cri/gen/runtime/v1/api.gen.ts";
import { isErrno } from "../../base/files.ts";
import { terminationPolicyAnnotation } from "./labels.ts";
import { terminationLog } from "./paths.ts";

const mostBytes = 4096;
const mostLogBytes = 2048;

export interface TerminationSource {
  rootDir: string;
  uid: string;
  container: string;
  attempt: number;
  status: ContainerStatus;
}

export async function terminationMessage(source: TerminationSource): Promise<string> {
  const { status } = source;
  const file = terminationLog(source.rootDir, source.uid, source.container, source.attempt);
  const written = await readPart(file, mostBytes, "head");
  if (written !== "") {
    return written;
  }
  const fromLog = status.annotations[terminationPolicyAnnotation] === "FallbackToLogsOnError" && status.exitCode !== 0;
  return fromLog ? plainLines(await readPart(status.logPath, mostLogBytes * 2, "tail")) : status.message;
}

async function readPart(path: string, bytes: number, end: "head" | "tail"): Promise<string> {
  try {
    await using file = await open(path, "r");
    const { size } = await file.stat();
    const position = end === "head" ? 0 : Math.max(0, size - bytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, position);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) {
      return "";
    }
    throw error;
  }
}

/** The texts of `TIME STREAM TAG TEXT` lines; the first may be cut. */
function plainLines(criLog: string): string {
  const lines = criLog.split("\n").map((line) => /^\S+ (?:stdout|stderr) [FP]\S* (.*)$/.exec(line)?.[1]);
  return lines
    .filter((line) => line !== undefined)
    .join("\n")
    .slice(-mostLogBytes);
}
