/**
 * What a ConfigDrive tells of the devices that have a tag, in OpenStack's format: the guest finds the device by its PCI address, MAC address or
 * serial, and knows what it is for. Pure. Where a device will be is found as it is decided later: by the same plan, for a machine that has
 * nothing yet.
 */
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { highestBus } from "../../../api/kubevirt/pci-address.ts";
import { planDevices } from "../../qemu/devices/plan.ts";
import { driveId, nicId, rootPortId } from "../../qemu/domain/ids.ts";
import type { DeviceMetadata } from "../../storage/cloud-init/media.ts";
import { desiredDevices, macOf } from "../domain/desired-devices.ts";

/** More than any machine has: what is not found here has no address that the guest would know it by. */
const ports = Array.from({ length: 2 * highestBus }, (_, index) => rootPortId(index));

export function deviceMetadata(vmi: VirtualMachineInstance): DeviceMetadata[] {
  const { disks = [], interfaces = [] } = vmi.spec.domain.devices;
  if (![...disks, ...interfaces].some(({ tag }) => tag)) return [];
  const addresses = addressesOf(vmi);
  return [
    ...interfaces
      .filter(({ tag }) => tag)
      .map((nic) => ({
        type: "nic",
        bus: "pci",
        ...addresses.get(nicId(nic.name)),
        mac: macOf(vmi, nic),
        tags: [nic.tag ?? ""],
      })),
    ...disks
      .filter(({ tag }) => tag)
      .map(({ name, tag = "", serial, disk, cdrom }) => ({
        type: "disk",
        bus: addresses.has(driveId(name)) ? "pci" : ((disk ?? cdrom)?.bus ?? "sata"),
        ...addresses.get(driveId(name)),
        ...(serial && { serial }),
        tags: [tag],
      })),
  ];
}

function addressesOf(vmi: VirtualMachineInstance): ReadonlyMap<string, { address: string }> {
  if (vmi.spec.domain.machine?.type === "pc") return new Map();
  const empty = { devices: new Map(), blockNodes: new Set<string>(), netdevs: new Set<string>(), media: new Map() };
  const actions = planDevices(desiredDevices(vmi, []), { ...empty, freePorts: ports });
  return new Map(
    actions.flatMap(({ command, args }) => {
      if (command !== "device_add" || typeof args.bus !== "string") return [];
      const { id } = args;
      const bus = ports.indexOf(args.bus) + 1;
      return bus === 0 ? [] : [[id, { address: `0000:${bus.toString(16).padStart(2, "0")}:00.0` }] as const];
    }),
  );
}
