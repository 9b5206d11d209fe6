/**
 * Ends shims that containerd forgot. It dies between starting a shim and noting it, or removes a container whose
 * shim it never heard from: then the shim (and perhaps its container) would run for ever.
 *
 * A container's record is there before its shim is started and goes after its shim was asked to end, so a shim
 * without a record is an orphan, unless it is just ending: hence the least age.
 */
import { readdir, readFile } from "node:fs/promises";
import { readTextIfThere } from "../../base/files.ts";
import { createLogger } from "../../base/log.ts";
import type { CriClient } from "../client.ts";

interface Shim {
  pid: number;
  containerId: string;
  ageMs: number;
}

const log = createLogger("cri");
/** USER_HZ: the unit of times in /proc, the same on every Linux that we run on. */
const ticksPerSecond = 100;

/** @returns how many were ended */
export async function killOrphanShims(cri: CriClient, socketPath: string, leastAgeMs: number): Promise<number> {
  const shims = await findShims(socketPath);
  const old = shims.filter(({ ageMs }) => ageMs >= leastAgeMs);
  if (old.length === 0) {
    return 0;
  }
  const { containers } = await cri.containers.list({});
  const known = new Set(containers.map(({ id }) => id));
  const orphans = old.filter(({ containerId }) => !known.has(containerId));
  for (const orphan of orphans) {
    log.warn(orphan, "ending a shim that containerd does not know");
    await killTree(orphan.pid);
  }
  return orphans.length;
}

async function findShims(socketPath: string): Promise<Shim[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => readShim(pid, socketPath)));
  return found.filter((shim) => shim !== undefined);
}

async function readShim(pid: number, socketPath: string): Promise<Shim | undefined> {
  const words = (await readTextIfThere(`/proc/${pid}/cmdline`))?.split("\0") ?? [];
  const after = (flag: string): string | undefined => words[words.indexOf(flag) + 1];
  if (!words[0]?.includes("containerd-shim") || after("-address") !== socketPath || words.includes("start")) {
    return undefined;
  }
  return { pid, containerId: after("-id") ?? "", ageMs: await ageOf(pid) };
}

async function ageOf(pid: number): Promise<number> {
  const [stat, uptime] = await Promise.all([readTextIfThere(`/proc/${pid}/stat`), readFile("/proc/uptime", "utf8")]);
  // Fields count from after the program's name, which may itself hold blanks.
  const startTicks = Number(stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? 0);
  return Number(uptime.split(" ")[0]) * 1000 - (startTicks * 1000) / ticksPerSecond;
}

/** Its containers first: they would outlive it. */
async function killTree(pid: number): Promise<void> {
  const children =
    (await readTextIfThere(`/proc/${pid}/task/${pid}/children`))?.trim().split(" ").filter(Boolean) ?? [];
  for (const child of children.map(Number)) {
    await killTree(child);
  }
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") {
      throw error;
    }
  }
}
