/** How far the rollout of a workload has come. Pure. */
import type { DaemonSet, Deployment } from "../../api/apps.ts";

export interface WorkloadProgress {
  /** E.g. `Deployment vmpod-controller`. */
  name: string;
  /** What it still lacks, for people; absent when all of it runs. */
  lack?: string;
}

export function deploymentProgress(name: string, deployment: Deployment | undefined): WorkloadProgress {
  const { observedGeneration, updatedReplicas = 0, availableReplicas = 0 } = deployment?.status ?? {};
  return progress(`Deployment ${name}`, deployment, observedGeneration, {
    wanted: deployment?.spec?.replicas ?? 1,
    updated: updatedReplicas,
    available: availableReplicas,
  });
}

export function daemonSetProgress(name: string, daemonSet: DaemonSet | undefined): WorkloadProgress {
  const status = daemonSet?.status;
  return progress(`DaemonSet ${name}`, daemonSet, status?.observedGeneration, {
    wanted: status?.desiredNumberScheduled ?? 0,
    updated: status?.updatedNumberScheduled ?? 0,
    available: status?.numberAvailable ?? 0,
  });
}

interface Counts {
  wanted: number;
  updated: number;
  available: number;
}

function progress(
  name: string,
  workload: Deployment | DaemonSet | undefined,
  observedGeneration: number | undefined,
  counts: Counts,
): WorkloadProgress {
  if (workload === undefined) return { name, lack: "is missing" };
  if ((observedGeneration ?? 0) < (workload.metadata?.generation ?? 0)) return { name, lack: "was not looked at yet" };
  const { wanted, updated, available } = counts;
  if (updated < wanted) return { name, lack: `${updated} of ${wanted} pods are up to date` };
  if (available < wanted) return { name, lack: `${available} of ${wanted} pods are available` };
  return { name };
}
