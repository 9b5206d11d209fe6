/**
 * What the objects say about a memory dump. Pure.
 *
 * `status.memoryDumpRequest` of the VirtualMachine says what is asked for and how far it is; a volume `memoryDump` of the running instance
 * asks its node agent for it, which answers in `status.volumeStatus`:
 *
 *   Associating ──volume in both specs──▶ InProgress ──written──▶ Unmounting ──volume and pod are gone──▶ Completed
 *        │                                    │
 *        └──────── cannot be done ────────────┴──▶ Failed           removed: Dissociating ──nothing left of it──▶ (none)
 *
 * The volume stays in the machine's own spec until the claim is dissociated, but no instance is made with it.
 */
import { formatBytes, quantityToNumber } from "../../src/base/quantity.ts";
import type { PersistentVolumeClaim } from "../core.ts";
import { conflict, migrating, type Verdict } from "./admissibility.ts";
import { isInTransit } from "./migration/migration.ts";
import type {
  VirtualMachine,
  VirtualMachineInstance,
  VirtualMachineInstanceSpec,
  VirtualMachineInstanceStatus,
  VirtualMachineStatus,
  Volume,
} from "./types.ts";
import { claimNameOf } from "./volume-claim.ts";

export type MemoryDumpRequest = NonNullable<VirtualMachineStatus["memoryDumpRequest"]>;
export type VolumeStatus = NonNullable<VirtualMachineInstanceStatus["volumeStatus"]>[number];

export const dumpPhases = {
  associating: "Associating",
  inProgress: "InProgress",
  unmounting: "Unmounting",
  completed: "Completed",
  failed: "Failed",
  dissociating: "Dissociating",
} as const;

/** Of a volume's status. */
export const dumpVolumePhases = {
  inProgress: "MemoryDumpInProgress",
  completed: "MemoryDumpCompleted",
  failed: "MemoryDumpFailed",
} as const;

/** On a dump's pod. */
export const dumpApp = "memory-dump";
export const dumpOfLabel = "vmpod.dev/memory-dump-of";
export const dumpFileAnnotation = "vmpod.dev/memory-dump-file";

/** What a core file holds beside the memory, at most; upstream's figure. */
const overheadBytes = 100 * 1024 ** 2;
const longestLabel = 63;

export function isFinalDump({ phase }: { phase?: string | undefined }): boolean {
  return phase === dumpVolumePhases.completed || phase === dumpVolumePhases.failed;
}

/** Its memory is being written, and what comes of it has not been told. */
export function isBeingDumped({ status }: VirtualMachineInstance): boolean {
  return (status?.volumeStatus ?? []).some(({ phase }) => phase === dumpVolumePhases.inProgress);
}

/** How much room a claim must have. */
export function dumpBytes(spec: VirtualMachineInstanceSpec): number {
  return quantityToNumber(spec.domain.memory?.guest ?? 0) + overheadBytes;
}

/** Named by its claim, as far as a volume can be. */
export function dumpVolume(claimName: string): Volume {
  const name = claimName.replaceAll(".", "-").slice(0, longestLabel).replace(/-+$/, "");
  return { name, memoryDump: { claimName, hotpluggable: true } };
}

export function dumpVolumeOf({ volumes = [] }: VirtualMachineInstanceSpec): Volume | undefined {
  return volumes.find(({ memoryDump }) => memoryDump !== undefined);
}

export function withDumpVolume(spec: VirtualMachineInstanceSpec, claimName: string): VirtualMachineInstanceSpec {
  return { ...spec, volumes: [...(withoutDumpVolume(spec).volumes ?? []), dumpVolume(claimName)] };
}

/** @param claimName only of this claim */
export function withoutDumpVolume<T extends VirtualMachineInstanceSpec>(spec: T, claimName?: string): T {
  const isDump = ({ memoryDump }: Volume) => memoryDump && [undefined, memoryDump.claimName].includes(claimName);
  const { volumes = [], ...rest } = spec;
  const others = volumes.filter((volume) => !isDump(volume));
  if (others.length === volumes.length) return spec;
  return { ...rest, ...(others.length > 0 && { volumes: others }) } as T;
}

export interface DumpSituation {
  vm: VirtualMachine;
  vmi: VirtualMachineInstance | undefined;
  claim: PersistentVolumeClaim;
}

/** Whether the guest's memory may be dumped into the claim now. */
export function mayDumpMemory({ vm, vmi, claim }: DumpSituation): Verdict {
  const name = claim.metadata?.name ?? "";
  const { phase } = vm.status?.memoryDumpRequest ?? {};
  if (phase === dumpPhases.dissociating)
    return conflict(`can't dump memory for pvc [${name}] a remove memory dump request is in progress`);
  if (phase !== undefined && phase !== dumpPhases.completed && phase !== dumpPhases.failed)
    return conflict(`memory dump request for pvc [${name}] already in progress`);
  if (vmi?.status?.phase !== "Running") return conflict("VMI is not running");
  if (isInTransit(vmi)) return migrating;
  return fits(claim, vmi) ?? notInUse(name, [vm.spec.template.spec, vmi.spec]) ?? { verdict: "do" };
}

function fits({ metadata, spec }: PersistentVolumeClaim, vmi: VirtualMachineInstance): Verdict | undefined {
  const name = metadata?.name;
  if (spec?.volumeMode === "Block") return conflict(`pvc [${name}] should be filesystem pvc: its volumeMode is Block`);
  const modes = spec?.accessModes ?? [];
  if (modes.length > 0 && modes.every((mode) => mode === "ReadOnlyMany"))
    return conflict(`pvc [${name}] access mode can't be read only: its accessModes are ReadOnlyMany`);
  const size = String(spec?.resources?.requests?.["storage"] ?? 0);
  const needed = dumpBytes(vmi.spec);
  return quantityToNumber(size) < needed
    ? conflict(`pvc size [${size}] should be bigger then [${formatBytes(needed)}]: the guest's memory and 100Mi`)
    : undefined;
}

/** A claim is a disk or the place for a dump, and each volume has a name of its own. */
function notInUse(claimName: string, specs: readonly VirtualMachineInstanceSpec[]): Verdict | undefined {
  const { name } = dumpVolume(claimName);
  const others = specs.flatMap((spec) => withoutDumpVolume(spec).volumes ?? []);
  if (others.some((volume) => claimNameOf(volume) === claimName))
    return conflict(`pvc [${claimName}] is a disk of the machine: give another claim`);
  if (others.some((volume) => volume.name === name))
    return conflict(`the machine has a volume ${name} already: give a claim of another name`);
  return undefined;
}

export function mayRemoveDump({ metadata, status }: VirtualMachine): Verdict<{ claimName: string }> {
  const request = status?.memoryDumpRequest;
  if (request === undefined)
    return conflict(`can't remove memory dump association for vm ${metadata?.name}, no association found`);
  if (request.remove) return conflict(`memory dump remove request for pvc [${request.claimName}] already exists`);
  return { verdict: "do", claimName: request.claimName };
}
