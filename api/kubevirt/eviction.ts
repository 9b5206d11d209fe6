/**
 * Whether the launcher pod of a machine may be evicted, as upstream decides. Pure.
 *
 *   evictionStrategy        the guest can migrate    it cannot
 *   none, None              evict                    evict
 *   LiveMigrateIfPossible   evacuate                 evict
 *   LiveMigrate             evacuate                 deny: its owner wants it never to be shut down for a drain
 *   External                evacuate                 evacuate: somebody else's controller sees to it
 *
 * To evacuate is to refuse for now (429, so that a drain asks again) and to note the node that the guest must leave.
 */
import { isConditionTrue, vmiConditions } from "./conditions.ts";
import type { VirtualMachineInstance } from "./types.ts";

export type EvictionVerdict =
  | { verdict: "evict" }
  | { verdict: "denied"; message: string }
  /** `nodeName`: to be noted; absent when it is noted already, or the pod is not where the guest is. */
  | { verdict: "evacuate"; message: string; nodeName?: string };

export interface EvictedPod {
  nodeName: string | undefined;
}

export function mayEvict(
  vmi: VirtualMachineInstance,
  pod: EvictedPod,
  configuration: { evictionStrategy: string | undefined },
): EvictionVerdict {
  if (isLeaving(vmi)) return { verdict: "evict" };
  const canMigrate = isConditionTrue(vmi.status?.conditions, vmiConditions.liveMigratable);
  switch (vmi.spec.evictionStrategy ?? configuration.evictionStrategy) {
    case "LiveMigrate":
      return canMigrate ? evacuate(vmi, pod) : { verdict: "denied", message: cannotMigrate(vmi) };
    case "LiveMigrateIfPossible":
      return canMigrate ? evacuate(vmi, pod) : { verdict: "evict" };
    case "External":
      return evacuate(vmi, pod);
    default:
      return { verdict: "evict" };
  }
}

function isLeaving({ metadata, status }: VirtualMachineInstance): boolean {
  return metadata?.deletionTimestamp !== undefined || status?.phase === "Succeeded" || status?.phase === "Failed";
}

function evacuate(vmi: VirtualMachineInstance, pod: EvictedPod): EvictionVerdict {
  const { namespace, name } = vmi.metadata ?? {};
  // Deschedulers look for these words.
  const message = `Eviction triggered evacuation of VMI "${namespace}/${name}"`;
  const { evacuationNodeName, nodeName } = vmi.status ?? {};
  if (evacuationNodeName) return { verdict: "evacuate", message: `Evacuation in progress: ${message}` };
  return { verdict: "evacuate", message, ...(nodeName && nodeName === pod.nodeName && { nodeName }) };
}

function cannotMigrate(vmi: VirtualMachineInstance): string {
  const name = vmi.metadata?.name;
  const what = `VMI ${name} is configured with an eviction strategy but is not live-migratable`;
  return `${what}: stop it, or set its evictionStrategy to LiveMigrateIfPossible`;
}
