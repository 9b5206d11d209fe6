/** How far vmpod's own workloads have come. Pure. */
import type { DaemonSet, Deployment } from "../../../api/apps.ts";
import type { Component } from "./observation.ts";

export function deploymentComponent(name: string, deployment: Deployment | undefined): Component {
  const { observedGeneration, updatedReplicas = 0, availableReplicas = 0 } = deployment?.status ?? {};
  return component(`Deployment ${name}`, deployment, observedGeneration, {
    wanted: deployment?.spec?.replicas ?? 1,
    updated: updatedReplicas,
    available: availableReplicas,
  });
}

export function daemonSetComponent(name: string, daemonSet: DaemonSet | undefined): Component {
  const status = daemonSet?.status;
  return component(`DaemonSet ${name}`, daemonSet, status?.observedGeneration, {
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

function component(
  name: string,
  workload: Deployment | DaemonSet | undefined,
  observedGeneration: number | undefined,
  counts: Counts,
): Component {
  if (workload === undefined) return { name, lack: "is missing" };
  if ((observedGeneration ?? 0) < (workload.metadata?.generation ?? 0)) return { name, lack: "was not looked at yet" };
  const { wanted, updated, available } = counts;
  if (updated < wanted) return { name, lack: `${updated} of ${wanted} pods are up to date` };
  if (available < wanted) return { name, lack: `${available} of ${wanted} pods are available` };
  return { name };
}
