import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { findProcess, stopProcess } from "./process-record.ts";

const stopGraceMs = 5_000;

export async function stopOwnProcesses(pidDir: string): Promise<void> {
  const supervisor = join(pidDir, "supervisor");
  await stopRecorded(pidDir, supervisor);
  // The agent brings back a supervisor that was killed, and may have done so just before its own end.
  if (findProcess(supervisor)) await stopRecorded(pidDir, supervisor);
}

/** The supervisor first, or it would start again what we stop. */
async function stopRecorded(pidDir: string, supervisor: string): Promise<void> {
  await stopProcess(supervisor, stopGraceMs * 4);
  for (const name of await readdir(pidDir).catch(() => [])) await stopProcess(join(pidDir, name), stopGraceMs);
}
