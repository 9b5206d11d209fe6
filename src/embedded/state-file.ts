/** What `vmpod up` decided, for the processes that it starts and the commands that come later. */
import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { type Instance, pathsOf } from "../base/instance.ts";

export interface InstanceState {
  instance: Instance;
  images: { pause: string; launcher: string };
}

export async function writeState(state: InstanceState): Promise<void> {
  const { instanceFile } = pathsOf(state.instance);
  await mkdir(state.instance.runDir, { recursive: true, mode: 0o755 });
  await writeFile(`${instanceFile}.new`, JSON.stringify(state, null, 2));
  await rename(`${instanceFile}.new`, instanceFile);
}

/** @returns undefined when nothing was brought up with this run directory */
export function readState(instanceFile: string): InstanceState | undefined {
  try {
    return JSON.parse(readFileSync(instanceFile, "utf8")) as InstanceState;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
