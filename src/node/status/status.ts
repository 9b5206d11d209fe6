/** The status of a VMI with the node agent's part brought up to date. Pure. */
import { mergeTraces } from "../../../api/kubevirt/start-trace.ts";
import type { VolumeStatus } from "../../../api/kubevirt/memory-dump.ts";
import type { VirtualMachineInstanceStatus } from "../../../api/kubevirt/types.ts";
import { hasStarted, type Observation } from "../domain/observation.ts";
import { isAttached } from "../hotplug/attached.ts";
import { withPlugs } from "../hotplug/status.ts";
import { dumpStatus } from "../memory-dump/status.ts";
import { capacityStatus } from "./capacity.ts";
import { decideConditions } from "./conditions.ts";
import { decideInterfaces } from "./interfaces.ts";
import { decidePhase } from "./phase.ts";

export function decideStatus(observation: Observation): VirtualMachineInstanceStatus {
  const current = observation.vmi.status ?? {};
  return {
    ...current,
    ...phaseFields(observation, current),
    ...machineFields(observation),
    ...startFields(observation, current),
    conditions: decideConditions(observation),
  };
}

function phaseFields(
  observation: Observation,
  current: VirtualMachineInstanceStatus,
): Partial<VirtualMachineInstanceStatus> {
  const decision = decidePhase(observation);
  if (decision === undefined || decision.phase === current.phase) return {};
  const earlier = current.phaseTransitionTimestamps ?? [];
  const transition = { phase: decision.phase, phaseTransitionTimestamp: observation.now };
  return {
    phase: decision.phase,
    ...(decision.reason && { reason: decision.reason }),
    phaseTransitionTimestamps: [...earlier.filter(({ phase }) => phase !== decision.phase), transition],
  };
}

/** With the status that tells that it runs, and what is seen after that. Without the controller's marks there is no trace. */
function startFields(
  observation: Observation,
  current: VirtualMachineInstanceStatus,
): Partial<VirtualMachineInstanceStatus> {
  const phase = decidePhase(observation)?.phase ?? current.phase;
  if (phase !== "Running" || current.startTrace === undefined) return {};
  return { startTrace: mergeTraces(current.startTrace, observation.startMarks) };
}

/** What QEMU told stays in the status after it has ended. */
function machineFields(observation: Observation): Partial<VirtualMachineInstanceStatus> {
  const { machine, guest, selinuxContext } = observation;
  if (machine === undefined || !hasStarted(machine)) return {};
  return {
    machine: { type: machine.machineType },
    ...(selinuxContext !== undefined && { selinuxContext }),
    interfaces: decideInterfaces(observation),
    volumeStatus: [...withPlugs(observation, volumeStatus(observation)), ...dumpStatus(observation)],
    guestOSInfo: (machine.agentConnected ? guest?.os : undefined) ?? {},
    ...capacityStatus(observation),
  };
}

/** `target` as a Linux guest names the disk: the n-th of its bus. */
function volumeStatus({ vmi, machine }: Observation): VolumeStatus[] {
  const counts = new Map<string, number>();
  return (vmi.spec.domain.devices.disks ?? []).flatMap((disk) => {
    const volume = vmi.spec.volumes?.find(({ name }) => name === disk.name);
    if (volume === undefined || !isAttached(machine, disk.name)) return [];
    const prefix = targetPrefix(disk.cdrom ? "cdrom" : "disk", (disk.disk ?? disk.cdrom ?? disk.lun)?.bus);
    const index = counts.get(prefix) ?? 0;
    counts.set(prefix, index + 1);
    const claim = volume.persistentVolumeClaim;
    return [
      {
        name: disk.name,
        target: `${prefix}${String.fromCharCode(97 + index)}`,
        ...(claim && { persistentVolumeClaimInfo: { claimName: claim.claimName } }),
      },
    ];
  });
}

function targetPrefix(kind: "disk" | "cdrom", bus: string | undefined): string {
  return bus === "virtio" && kind === "disk" ? "vd" : "sd";
}
