import { join } from "node:path";

/** Where a kubelet keeps the emptyDir `volume` of a pod. */
export function emptyDirOf(kubeletRoot: string, podUid: string, volume: string): string {
  return join(kubeletRoot, "pods", podUid, "volumes", "kubernetes.io~empty-dir", volume);
}
