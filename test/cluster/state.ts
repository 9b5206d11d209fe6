/** What a running cluster notes about itself, for other processes: `status`, `down`, tests that use one that is up. */
import { readTextIfThere, writeAtomically } from "../../src/base/files.ts";
import { join } from "node:path";
import { isRunning } from "../../src/embedded/process-record.ts";
import type { Machine } from "./machine.ts";
import type { ClusterPlan } from "./plan.ts";

export interface ClusterState {
  nodeCount: number;
  /** It outlives the process that started it, until `down`. */
  isKept: boolean;
  binDir: string;
  pauseImage: string;
  staticNodes: readonly string[];
  controlPlane: Machine;
  /** In the order of the plan's nodes; changes when one is powered on again. */
  nodes: Machine[];
}

const fileOf = ({ dir }: ClusterPlan): string => join(dir, "cluster.json");

/** Written when all of it runs: without it a cluster is a half-started one. */
export async function writeState(plan: ClusterPlan, state: ClusterState): Promise<void> {
  await writeAtomically(fileOf(plan), JSON.stringify(state), 0o644);
}

/** Undefined when the cluster is not there, or not whole. */
export async function readState(plan: ClusterPlan): Promise<ClusterState | undefined> {
  const text = await readTextIfThere(fileOf(plan));
  const state = text === undefined ? undefined : (JSON.parse(text) as ClusterState);
  return state && isRunning(state.controlPlane.init) ? state : undefined;
}
