/** The number by which firmware tells a guest which card of the board an interface is; Linux makes `enoN` of it. */
import { invalid, type StatusCause, unique } from "./causes.ts";
import type { VirtualMachineInstanceSpec } from "../types.ts";

const highest = 16 * 1024 - 1;

export function validateAcpiIndexes(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const { interfaces = [] } = spec.domain.devices;
  const fieldOf = (index: number): string => `${path}.domain.devices.interfaces[${index}].acpiIndex`;
  return [
    ...interfaces.flatMap(({ acpiIndex = 0 }, index) =>
      Number.isInteger(acpiIndex) && acpiIndex >= 0 && acpiIndex <= highest
        ? []
        : [invalid(fieldOf(index), acpiIndex, `must be from 1 to ${highest}`)],
    ),
    ...unique(
      interfaces,
      ({ acpiIndex }) => acpiIndex || undefined,
      fieldOf,
      "each interface needs an index of its own",
    ),
  ];
}
