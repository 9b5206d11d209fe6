/** What the kernel merges, and how hard it searches: the files of /sys/kernel/mm/ksm. */
import { access, constants, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isErrno, readTextIfThere } from "../../base/files.ts";
import { parseProcFields } from "../downward-metrics/proc-fields.ts";
import type { KsmState, MemoryLevel } from "./plan.ts";

const directory = "/sys/kernel/mm/ksm";

/** Undefined where the kernel was built without. */
export async function readKsm(): Promise<KsmState | undefined> {
  const files = ["run", "pages_to_scan", "sleep_millisecs"].map((name) => readTextIfThere(join(directory, name)));
  const [run, pages, sleepMs] = await Promise.all(files);
  return run === undefined
    ? undefined
    : { running: run.trim() === "1", pages: Number(pages), sleepMs: Number(sleepMs) };
}

/** Off leaves merged what is merged; pages part again as guests write to them. */
export async function writeKsm({ running, pages, sleepMs }: KsmState): Promise<void> {
  const writable = await writableDirectory();
  const write = (name: string, value: number): Promise<void> => writeFile(join(writable, name), String(value));
  if (running) {
    await write("sleep_millisecs", sleepMs);
    await write("pages_to_scan", pages);
  }
  await write("run", running ? 1 : 0);
}

/** Some runtimes mount /sys read-only even in privileged containers; the host's first process has it writable. */
async function writableDirectory(): Promise<string> {
  try {
    await access(join(directory, "run"), constants.W_OK);
    return directory;
  } catch (error) {
    if (isErrno(error, "EROFS")) return join("/proc/1/root", directory);
    throw error;
  }
}

export async function readMemoryLevel(): Promise<MemoryLevel> {
  const fields = parseProcFields(await readFile("/proc/meminfo", "utf8"));
  return { totalKib: fields.get("MemTotal") ?? 0, availableKib: fields.get("MemAvailable") ?? 0 };
}
