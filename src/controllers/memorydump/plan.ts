/** What to do for a memory dump. Pure: the same situation gives the same steps, so one that was cut short is gone through again. */
import type { Pod } from "../../../api/core.ts";
import {
  dumpPhases,
  dumpVolumeOf,
  type MemoryDumpRequest,
  withDumpVolume,
  withoutDumpVolume,
} from "../../../api/kubevirt/memory-dump.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isControlledBy } from "../../runtime/owner-references.ts";
import { isAsked, isOver, type Observation, runs } from "./observation.ts";
import { decideRequest, isStale } from "./request.ts";

export type Action =
  | { type: "updateVm"; vm: VirtualMachine }
  | { type: "updateVmi"; vmi: VirtualMachineInstance }
  | { type: "createPod"; vmi: VirtualMachineInstance; claimName: string; now: Date }
  | { type: "deletePod"; pod: Pod };

export function plan(observation: Observation): Action[] {
  const request = decideRequest(observation);
  if (request === undefined || isOver(request)) return giveBack(observation, request);
  if (!runs(observation.vmi)) return [];
  return request.phase === dumpPhases.associating ? ask(observation, request) : write(observation, request);
}

/** Whoever writes has to let go of the claim; until it is dissociated, the machine keeps it in its spec. */
function giveBack({ vm, vmi, pod }: Observation, request: MemoryDumpRequest | undefined): Action[] {
  const { template } = vm.spec;
  const isToGo = request?.phase === dumpPhases.dissociating && dumpVolumeOf(template.spec) !== undefined;
  const spec = { ...vm.spec, template: { ...template, spec: withoutDumpVolume(template.spec) } };
  return [...clear({ vmi, pod }), ...(isToGo ? [{ type: "updateVm", vm: { ...vm, spec } } as const] : [])];
}

function clear({ vmi, pod }: Pick<Observation, "vmi" | "pod">): Action[] {
  return [
    ...(vmi && isAsked(vmi)
      ? [{ type: "updateVmi", vmi: { ...vmi, spec: withoutDumpVolume(vmi.spec) } } as const]
      : []),
    ...(pod && pod.metadata?.deletionTimestamp === undefined ? [{ type: "deletePod", pod } as const] : []),
  ];
}

function ask(observation: Observation, request: MemoryDumpRequest): Action[] {
  const { vm, vmi } = observation;
  const { claimName } = request;
  if (isStale(observation, request)) return clear(observation);
  const { template } = vm.spec;
  const isKnown = dumpVolumeOf(template.spec)?.memoryDump?.claimName === claimName;
  if (!isKnown) {
    const spec = { ...vm.spec, template: { ...template, spec: withDumpVolume(template.spec, claimName) } };
    return [{ type: "updateVm", vm: { ...vm, spec } }];
  }
  if (vmi === undefined || isAsked(vmi)) return [];
  return [{ type: "updateVmi", vmi: { ...vmi, spec: withDumpVolume(vmi.spec, claimName) } }];
}

/** A pod that waits on a node that the guest has left, or for an instance that is gone, is made again for the one that there is now. */
function write({ vmi, pod, now }: Observation, { claimName }: MemoryDumpRequest): Action[] {
  if (vmi === undefined) return [];
  if (pod === undefined) return [{ type: "createPod", vmi, claimName, now }];
  const isElsewhere = pod.spec?.nodeName !== undefined && pod.spec.nodeName !== vmi.status?.nodeName;
  const isOfUse = isControlledBy(pod, vmi) && !isElsewhere;
  return !isOfUse && pod.metadata?.deletionTimestamp === undefined ? [{ type: "deletePod", pod }] : [];
}
