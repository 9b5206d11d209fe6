/**
 * PCI addresses that a user may choose. Every PCI Express slot of a machine is a bus of its own, numbered by the firmware from 1 on in the order of
 * the slots; so `0000:03:00.0` is the third slot. The bus of the board itself (00) is QEMU's: nothing can be plugged there.
 */
import { invalid, type StatusCause, unique } from "./validate/causes.ts";
import type { VirtualMachineInstanceSpec } from "./types.ts";

const pattern = /^0000:([\da-f]{2}):00\.0$/i;
/** Each empty slot below costs the firmware time. */
export const highestBus = 0x1f;

interface Chosen {
  address: string;
  field: string;
}

export function validatePciAddresses(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const { disks = [], interfaces = [] } = spec.domain.devices;
  const field = `${path}.domain.devices`;
  const chosen = [
    ...disks.map(({ disk }, index) => ({
      address: disk?.pciAddress,
      field: `${field}.disks[${index}].disk.pciAddress`,
    })),
    ...interfaces.map(({ pciAddress }, index) => ({
      address: pciAddress,
      field: `${field}.interfaces[${index}].pciAddress`,
    })),
  ].filter((each): each is Chosen => Boolean(each.address));
  return [
    ...chosen.flatMap((each) => validateAddress(each, spec.domain.machine?.type)),
    ...unique(
      chosen,
      ({ address }) => address.toLowerCase(),
      (index) => chosen[index]?.field ?? "",
      "a PCI address can be used once",
    ),
  ];
}

function validateAddress({ address, field }: Chosen, machine: string | undefined): StatusCause[] {
  if (machine === "pc") return [invalid(field, address, "needs machine type q35: leave it out")];
  if (pciBusOf(address) !== undefined) return [];
  const last = highestBus.toString(16);
  return [
    invalid(field, address, `is no address that a device can have: write 0000:BUS:00.0 with a BUS from 01 to ${last}`),
  ];
}

/** The number of the slot, from 1; undefined for an address that nothing can have. */
export function pciBusOf(address: string | undefined): number | undefined {
  const bus = Number.parseInt(pattern.exec(address ?? "")?.[1] ?? "0", 16);
  return bus >= 1 && bus <= highestBus ? bus : undefined;
}

/** The highest slot that a device of the machine asks for; 0 when none does. */
export function highestBusOf({ domain }: VirtualMachineInstanceSpec): number {
  const { disks = [], interfaces = [] } = domain.devices;
  const addresses = [...disks.map(({ disk }) => disk?.pciAddress), ...interfaces.map(({ pciAddress }) => pciAddress)];
  return Math.max(0, ...addresses.map((address) => pciBusOf(address) ?? 0));
}
