/** A tag says what a device is for. It reaches the guest by the metadata of a ConfigDrive, and by nothing else. */
import { forbidden, type StatusCause } from "./causes.ts";
import type { VirtualMachineInstanceSpec } from "../types.ts";

export function validateTags(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  if (spec.volumes?.some(({ cloudInitConfigDrive }) => cloudInitConfigDrive)) return [];
  const { disks = [], interfaces = [] } = spec.domain.devices;
  return [...tagged(disks, `${path}.domain.devices.disks`), ...tagged(interfaces, `${path}.domain.devices.interfaces`)];
}

function tagged(devices: readonly { tag?: string }[], field: string): StatusCause[] {
  const message = "reaches the guest by a cloudInitConfigDrive volume only: add one, or remove the tag";
  return devices.flatMap(({ tag }, index) => (tag ? [forbidden(`${field}[${index}].tag`, message)] : []));
}
