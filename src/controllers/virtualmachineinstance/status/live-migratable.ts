/**
 * Whether the guest can be moved to another launcher, and if not why, in upstream's words. Pure.
 *
 * On its own node every disk is at hand, whatever holds it. To another one goes a copy of what lives in the pod; a claim must be
 * one that both nodes can mount. So an instance that has another claim stays where it is as soon as there is another node to go to.
 */
import { isConditionTrue, notMigratableReasons, vmiConditions } from "../../../../api/kubevirt/conditions.ts";
import { pluggedStatuses, pluggedVolumes } from "../../../../api/kubevirt/hotplug-volume.ts";
import { withoutDumpVolume } from "../../../../api/kubevirt/memory-dump.ts";
import { keepsTpm, stateClaimName } from "../../../../api/kubevirt/persistent-state.ts";
import type { Condition } from "../../../../api/meta.ts";
import { compareQuantities } from "../../../base/quantity.ts";
import { launcherOf, type Observation } from "../observation.ts";

type Rule = (observation: Observation) => { reason: string; message: string } | undefined;

const rules: readonly Rule[] = [
  hostDevices,
  filesystems,
  interfaces,
  sataDisks,
  matchedDisks,
  hostDisks,
  keptTpm,
  hypervPassthrough,
  emulatedHugePages,
  unsharedDisks,
  emulatedHotMemory,
  plugged,
];

export function liveMigratable(observation: Observation): Condition {
  const obstacle = rules.map((rule) => rule(observation)).find((found) => found !== undefined);
  const type = vmiConditions.liveMigratable;
  return obstacle
    ? { type, status: "False", ...obstacle }
    : { type, status: "True", reason: undefined, message: undefined };
}

/** Moving the disks of a guest to another claim while it runs. */
export function storageLiveMigratable(): Condition {
  return {
    type: vmiConditions.storageLiveMigratable,
    status: "False",
    reason: "NotMigratable",
    message: "moving the disks of a running guest is not available",
  };
}

/** Whether something of the guest is copied when it moves to another node. */
export function migrationMethod({ vmi, hasOtherNodes }: Observation): "BlockMigration" | "LiveMigration" {
  const { volumes = [] } = withoutDumpVolume(vmi.spec);
  const isCopied = volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim === undefined);
  return hasOtherNodes && isCopied ? "BlockMigration" : "LiveMigration";
}

function hostDevices({ vmi }: Observation): ReturnType<Rule> {
  const { hostDevices = [], gpus = [] } = vmi.spec.domain.devices;
  if (hostDevices.length + gpus.length === 0) return undefined;
  return { reason: notMigratableReasons.hostDevices, message: "VMI uses a PCI host devices" };
}

function filesystems({ vmi }: Observation): ReturnType<Rule> {
  if ((vmi.spec.domain.devices.filesystems ?? []).length === 0) return undefined;
  return { reason: notMigratableReasons.filesystems, message: "VMI uses virtiofs" };
}

function interfaces({ vmi }: Observation): ReturnType<Rule> {
  const podNetworks = new Set((vmi.spec.networks ?? []).filter(({ pod }) => pod).map(({ name }) => name));
  const fixed = (vmi.spec.domain.devices.interfaces ?? []).find(
    ({ name, masquerade }) => podNetworks.has(name) && masquerade === undefined,
  );
  if (fixed === undefined) return undefined;
  const message = `cannot migrate VMI: interface ${fixed.name} does not use masquerade to connect to the pod network`;
  return { reason: notMigratableReasons.interfaces, message };
}

/** QEMU cannot tell a SATA disk its size while it waits for a guest to come in (an assertion ends it). */
function sataDisks({ vmi }: Observation): ReturnType<Rule> {
  const found = (vmi.spec.domain.devices.disks ?? []).find(({ disk }) => disk?.bus === "sata");
  if (found === undefined) return undefined;
  const message = `cannot migrate VMI: disk ${found.name} is on bus sata; use virtio or scsi`;
  return { reason: notMigratableReasons.disks, message };
}

/** What its volume is made of may be another size where it goes; a guest that runs goes by the one that it has seen. */
function matchedDisks({ vmi }: Observation): ReturnType<Rule> {
  const found = (vmi.spec.domain.devices.disks ?? []).find(
    ({ blockSize }) => blockSize?.matchVolume && blockSize.matchVolume.enabled !== false,
  );
  if (found === undefined) return undefined;
  const message = `cannot migrate VMI: disk ${found.name} has the block size of its volume; use blockSize.custom`;
  return { reason: notMigratableReasons.disks, message };
}

function hostDisks({ vmi, hasOtherNodes }: Observation): ReturnType<Rule> {
  const found = (vmi.spec.volumes ?? []).find(({ hostDisk }) => hostDisk && hostDisk.shared !== true);
  if (!hasOtherNodes || found === undefined) return undefined;
  const message = `cannot migrate VMI: the file of volume ${found.name} is on its node only (hostDisk.shared is not set)`;
  return { reason: notMigratableReasons.disks, message };
}

/** Two TPMs would have one state open: its directory is locked as long as one of them runs. What is not kept goes along. */
function keptTpm({ vmi }: Observation): ReturnType<Rule> {
  if (!keepsTpm(vmi.spec)) return undefined;
  const message = "cannot migrate VMI: its TPM is persistent, and only one launcher at a time can have its state open";
  return { reason: notMigratableReasons.persistentState, message };
}

/** What one processor has another may not have. */
function hypervPassthrough({ vmi, accelerator }: Observation): ReturnType<Rule> {
  const passthrough = vmi.spec.domain.features?.hypervPassthrough;
  if (passthrough === undefined || passthrough.enabled === false || accelerator === "tcg") return undefined;
  const message = "cannot migrate VMI: hypervPassthrough gives it what its node has; name what it needs in hyperv";
  return { reason: notMigratableReasons.hypervPassthrough, message };
}

/** QEMU loses what an emulated guest writes meanwhile, where its memory is a multiple of 64 pages (src/qemu/domain/platform.ts). */
function emulatedHugePages({ vmi, accelerator }: Observation): ReturnType<Rule> {
  if (vmi.spec.domain.memory?.hugepages === undefined || accelerator !== "tcg") return undefined;
  const message = "cannot migrate VMI: its processor is emulated, and its memory in huge pages";
  return { reason: notMigratableReasons.hugePages, message };
}

function unsharedDisks({ claims, hasOtherNodes }: Observation): ReturnType<Rule> {
  if (!hasOtherNodes) return undefined;
  const unshared = claims.find(({ shared }) => !shared);
  if (unshared === undefined) return undefined;
  const what = `PVC ${unshared.name} is not shared, live migration requires that all PVCs must be shared`;
  return {
    reason: notMigratableReasons.disks,
    message: `cannot migrate VMI: ${what} (using ReadWriteMany access mode)`,
  };
}

/** QEMU before 9.0 loses what an emulated guest writes into it while it moves: see `memoryArguments` of src/qemu/domain/platform.ts. */
function emulatedHotMemory({ vmi }: Observation): ReturnType<Rule> {
  const { guestAtBoot, guestCurrent } = vmi.status?.memory ?? {};
  if (!isConditionTrue(vmi.status?.conditions, vmiConditions.softwareEmulation)) return undefined;
  if (guestAtBoot === undefined || compareQuantities(guestCurrent ?? guestAtBoot, guestAtBoot) <= 0) return undefined;
  const message = "cannot migrate VMI: it has been given memory since it booted, and runs on an emulated processor";
  return { reason: notMigratableReasons.hotplug, message };
}

/**
 * A plugged claim is served by a pod on the guest's node, which has its disk locked; a launcher that it goes to would open it itself. What was
 * unplugged of a launcher's own leaves a gap there, and each device behind it would be elsewhere in another one.
 */
function plugged({ vmi, pods }: Observation): ReturnType<Rule> {
  const launcher = launcherOf({ vmi, pods });
  if (launcher === undefined) return undefined;
  const state = stateClaimName(vmi);
  const gap = launcher.spec?.volumes?.find(
    ({ name, persistentVolumeClaim }) =>
      persistentVolumeClaim?.claimName !== state && !vmi.spec.volumes?.some((volume) => volume.name === name),
  );
  const found = pluggedVolumes(vmi.spec, launcher)[0] ?? pluggedStatuses(vmi.status)[0] ?? gap;
  if (found === undefined) return undefined;
  const what = found === gap ? "was unplugged" : "was plugged in";
  const message = `cannot migrate VMI: volume ${found.name} ${what} while it runs; after a restart it can move`;
  return { reason: notMigratableReasons.hotplug, message };
}
