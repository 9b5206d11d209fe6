/** What the controller looks at to decide about one machine's memory dump. Plain data, never changed. */
import type { PersistentVolumeClaim, Pod } from "../../../api/core.ts";
import {
  dumpPhases,
  dumpVolume,
  dumpVolumeOf,
  type MemoryDumpRequest,
  type VolumeStatus,
} from "../../../api/kubevirt/memory-dump.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";

export interface Observation {
  vm: VirtualMachine;
  /** The machine's own, if there is one. */
  vmi: VirtualMachineInstance | undefined;
  /** The one that writes the dump, of whichever instance of the machine. */
  pod: Pod | undefined;
  /** The one to write into, if it is there. */
  claim: PersistentVolumeClaim | undefined;
  now: Date;
}

/** Its claim has to be given back, or is. */
export function isOver({ phase }: Pick<MemoryDumpRequest, "phase">): boolean {
  return phase !== dumpPhases.associating && phase !== dumpPhases.inProgress;
}

/** Its guest runs, and is to go on. */
export function runs(vmi: VirtualMachineInstance | undefined): vmi is VirtualMachineInstance {
  return vmi?.status?.phase === "Running" && vmi.metadata?.deletionTimestamp === undefined;
}

export function isAsked(vmi: VirtualMachineInstance | undefined): boolean {
  return vmi !== undefined && dumpVolumeOf(vmi.spec) !== undefined;
}

/** What the node agent says of the dump. */
export function answerOf(
  vmi: VirtualMachineInstance | undefined,
  { claimName }: Pick<MemoryDumpRequest, "claimName">,
): VolumeStatus | undefined {
  const { name } = dumpVolume(claimName);
  return vmi?.status?.volumeStatus?.find((each) => each.name === name && each.memoryDumpVolume !== undefined);
}
