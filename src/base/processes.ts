import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { isErrno } from "./files.ts";

/** The processes whose name (the kernel keeps 15 characters of it) begins so. */
export async function pidsOf(name: string): Promise<number[]> {
  const pids = (await readdir("/proc")).map(Number);
  return pids.filter((pid) => Number.isInteger(pid) && nameOf(pid)?.startsWith(name));
}

/** Read at once: there may be thousands of processes, and the kernel answers this from its memory without waiting for anything. */
function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ESRCH")) return undefined;
    throw error;
  }
}
