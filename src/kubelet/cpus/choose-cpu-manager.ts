/** The CPU manager of the policy that was chosen. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type CpuSet, formatCpuSet } from "../../base/cpu-set.ts";
import { readTextIfThere, writeAtomically } from "../../base/files.ts";
import { hostCpus, readCores } from "../../base/host-cpus.ts";
import {
  type CpuManager,
  type CpuManagerOptions,
  createCpuManager,
  noCpuManager,
  stateFile,
  stateOf,
} from "./cpu-manager.ts";

type Options = Omit<CpuManagerOptions, "processors"> & { reservedCpus: CpuSet | undefined };

export async function chooseCpuManager({ reservedCpus, ...options }: Options): Promise<CpuManager> {
  const all = await hostCpus();
  const processors = { all, reserved: reservedCpus ?? [], cores: await readCores(all) };
  const manager = createCpuManager({ ...options, processors });
  if (reservedCpus) await sayStatic(options.rootDir, all);
  return reservedCpus ? manager : { ...noCpuManager, settle: () => leaveStatic(options.rootDir, manager) };
}

/** The node agent looks for it; the runtime may take a while to answer who has what. */
async function sayStatic(rootDir: string, all: CpuSet): Promise<void> {
  const path = join(rootDir, stateFile);
  if ((await readTextIfThere(path)) === undefined) await writeAtomically(path, stateOf([], formatCpuSet(all)), 0o644);
}

/** The policy was another one before: who shared processors gets all again, and who has some of its own keeps them to its end. */
async function leaveStatic(rootDir: string, manager: CpuManager): Promise<void> {
  const path = join(rootDir, stateFile);
  if ((await readTextIfThere(path)) === undefined) return;
  await manager.settle();
  await rm(path, { force: true });
}
