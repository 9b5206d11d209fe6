/** Where a pod's files lie on the host: as the real kubelet lays them out, since others look there. */
import { join } from "node:path";
import type { Pod } from "../../../api/core.ts";
import { listIfThere } from "../../base/files.ts";

export const podsDir = (rootDir: string): string => join(rootDir, "pods");
export const podDir = (rootDir: string, uid: string): string => join(podsDir(rootDir), uid);
export const volumesDir = (rootDir: string, uid: string): string => join(podDir(rootDir, uid), "volumes");
export const hostsFile = (rootDir: string, uid: string): string => join(podDir(rootDir, uid), "etc-hosts");

/** Holds the termination message of one start of a container. */
export const terminationLog = (rootDir: string, uid: string, container: string, attempt: number): string =>
  join(podDir(rootDir, uid), "containers", container, `${attempt}.termination-log`);

export const logsDir = (rootDir: string): string => join(rootDir, "pod-logs");
export const podLogDir = (rootDir: string, pod: { namespace: string; name: string; uid: string }): string =>
  join(logsDir(rootDir), `${pod.namespace}_${pod.name}_${pod.uid}`);

/** Found by uid alone: the pod's name may be forgotten. */
export async function logDirsOf(rootDir: string, uid: string): Promise<string[]> {
  const names = await listIfThere(logsDir(rootDir));
  return names.filter((name) => name.endsWith(`_${uid}`)).map((name) => join(logsDir(rootDir), name));
}

/** Relative to the pod's log directory. */
export const containerLogName = (container: string, attempt: number): string => `${container}/${attempt}.log`;

export interface PodId {
  uid: string;
  namespace: string;
  name: string;
}

export function podId(pod: Pod): PodId {
  return {
    uid: pod.metadata?.uid ?? "",
    namespace: pod.metadata?.namespace ?? "",
    name: pod.metadata?.name ?? "",
  };
}

export const cgroupParent = (instance: string, uid: string): string => `/${instance}/pod${uid}`;
