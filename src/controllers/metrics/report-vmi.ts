/** Metrics of one VirtualMachineInstance. Pure. */
import { findCondition, isConditionTrue, vmiConditions } from "../../../api/kubevirt/conditions.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { controllerMetrics as metrics } from "../../telemetry/catalogue/controller.ts";
import type { Scrape } from "../../telemetry/scrape.ts";
import { memoryOverheadBytes } from "../virtualmachineinstance/launcher/memory-overhead.ts";
import { isOutdated } from "../virtualmachineinstance/outdated.ts";
import { guestDescription, none, secondsOf, vnicsOf } from "./description.ts";

export interface Surroundings {
  /** Whose instance it is. */
  vm: VirtualMachine | undefined;
  /** The pod that runs the guest. */
  podName: string | undefined;
  /** Of launchers that are started now. */
  launcherImage: string;
  /** For instances that name none. */
  evictionStrategy: string | undefined;
  migrationName: string | undefined;
}

export function reportVmi(scrape: Scrape, vmi: VirtualMachineInstance, around: Surroundings): void {
  const { status = {}, spec } = vmi;
  const guest = {
    node: status.nodeName ?? "",
    namespace: vmi.metadata?.namespace ?? "",
    name: vmi.metadata?.name ?? "",
  };
  const { node: _node, ...name } = guest;
  const os = status.guestOSInfo ?? {};
  scrape.add(
    metrics.vmiInfo,
    {
      ...guest,
      ...guestDescription(vmi),
      phase: (status.phase ?? "pending").toLowerCase(),
      instance_type: around.vm?.spec.instancetype?.name ?? none,
      preference: around.vm?.spec.preference?.name ?? none,
      guest_os_kernel_release: os.kernelRelease ?? "",
      guest_os_machine: os.machine ?? "",
      guest_os_arch: spec.architecture ?? "",
      guest_os_name: os.name ?? "",
      guest_os_version_id: os.versionId ?? "",
      evictable: String(!isStuck(vmi, around)),
      outdated: String(isOutdated(vmi, around.launcherImage)),
      vmi_pod: around.podName ?? "",
    },
    1,
  );
  if (isFinal(vmi)) return;
  scrape.add(metrics.vmiNonEvictable, guest, isStuck(vmi, around) ? 1 : 0);
  const accelerator = isConditionTrue(status.conditions, vmiConditions.softwareEmulation) ? "tcg" : "kvm";
  scrape.add(metrics.vmiOverhead, name, memoryOverheadBytes(spec, accelerator));
  for (const vnic of vnicsOf(spec)) scrape.add(metrics.vmiVnic, { ...name, ...vnic }, 1);
  for (const address of addressesOf(vmi)) scrape.add(metrics.vmiAddresses, { ...guest, ...address }, 1);
  reportLastMigration(scrape, guest, vmi, around);
}

const isFinal = ({ status }: VirtualMachineInstance): boolean =>
  status?.phase === "Succeeded" || status?.phase === "Failed";

/** Nobody may evict it, and it cannot be moved. */
function isStuck({ spec, status }: VirtualMachineInstance, { evictionStrategy }: Surroundings): boolean {
  if ((spec.evictionStrategy ?? evictionStrategy) !== "LiveMigrate") return false;
  return findCondition(status?.conditions, vmiConditions.liveMigratable)?.status === "False";
}

function addressesOf({ status }: VirtualMachineInstance) {
  return (status?.interfaces ?? []).flatMap(({ name, ipAddresses = [] }) =>
    ipAddresses.map((address) => ({
      network_name: name ?? "",
      address,
      // Those that only the guest knows of are of its own making.
      type: name ? "ExternalInterface" : "SystemInterface",
    })),
  );
}

function reportLastMigration(
  scrape: Scrape,
  guest: { node: string; namespace: string; name: string },
  { status }: VirtualMachineInstance,
  { migrationName = "" }: Surroundings,
): void {
  const { startTimestamp, endTimestamp, failed } = status?.migrationState ?? {};
  const labels = { ...guest, migration_name: migrationName };
  scrape.add(metrics.migrationStart, labels, secondsOf(startTimestamp));
  scrape.add(metrics.migrationEnd, { ...labels, status: failed ? "failed" : "succeeded" }, secondsOf(endTimestamp));
}
