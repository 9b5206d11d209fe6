/** Rules about memory: some must be asked for, it must be enough, and its parts must agree. */
import { compareQuantities, isQuantity, quantityToNumber } from "../../../src/base/quantity.ts";
import { invalid, notSupported, required, type StatusCause } from "./causes.ts";
import type { VirtualMachineInstanceSpec } from "../types.ts";

const minRequestBytes = 1_000_000;
const hugePageSizes = ["2Mi", "1Gi"];

interface Amount {
  field: string;
  value: string | undefined;
}

/** Relations are checked only between amounts that are each right by themselves. */
export function validateMemory(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const amounts = memoryAmounts(spec, path);
  const wrong = Object.values(amounts).flatMap(validateAmount);
  return wrong.length > 0
    ? wrong
    : [
        ...validatePresence(amounts),
        ...validateRelations(amounts),
        ...validateHugePages(spec, path),
        ...validateAddedOverhead(spec, path),
      ];
}

type Amounts = Record<"guest" | "maxGuest" | "request" | "limit", Amount>;

function validateAddedOverhead(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const value = spec.domain.memory?.reservedOverhead?.addedOverhead;
  if (value === undefined || (isQuantity(value) && quantityToNumber(value) >= 0)) return [];
  const field = `${path}.domain.memory.reservedOverhead.addedOverhead`;
  return [invalid(field, value, "is no amount of memory: write e.g. 64Mi")];
}

function memoryAmounts(spec: VirtualMachineInstanceSpec, path: string): Amounts {
  const { memory, resources } = spec.domain;
  const domain = `${path}.domain`;
  return {
    guest: { field: `${domain}.memory.guest`, value: memory?.guest },
    maxGuest: { field: `${domain}.memory.maxGuest`, value: memory?.maxGuest },
    request: { field: `${domain}.resources.requests.memory`, value: resources?.requests?.["memory"] },
    limit: { field: `${domain}.resources.limits.memory`, value: resources?.limits?.["memory"] },
  };
}

function validateAmount({ field, value }: Amount): StatusCause[] {
  if (value === undefined) return [];
  if (!isQuantity(value)) return [invalid(field, value, "is not a quantity: write e.g. 512Mi or 2Gi")];
  const bytes = quantityToNumber(value);
  if (bytes <= 0) return [invalid(field, value, "must be greater than 0: write e.g. 512Mi")];
  return bytes < minRequestBytes
    ? [invalid(field, value, "must be at least 1M: a number without a suffix means bytes")]
    : [];
}

function validatePresence({ guest }: Amounts): StatusCause[] {
  if (guest.value !== undefined) return [];
  return [required(guest.field, "no memory requested: set memory.guest or resources.requests.memory, e.g. 512Mi")];
}

function validateRelations({ guest, maxGuest, request, limit }: Amounts): StatusCause[] {
  return [...notGreater(request, limit), ...notGreater(guest, maxGuest), ...notGreater(guest, limit)];
}

function notGreater(smaller: Amount, greater: Amount): StatusCause[] {
  if (smaller.value === undefined || greater.value === undefined) return [];
  if (compareQuantities(smaller.value, greater.value) <= 0) return [];
  return [invalid(smaller.field, smaller.value, `must not exceed ${greater.field} (${greater.value})`)];
}

function validateHugePages(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const pageSize = spec.domain.memory?.hugepages?.pageSize;
  if (pageSize === undefined) return [];
  const field = `${path}.domain.memory.hugepages.pageSize`;
  if (!hugePageSizes.includes(pageSize)) return [notSupported(field, pageSize, hugePageSizes)];
  const { guest = "0", maxGuest = guest } = spec.domain.memory ?? {};
  if (compareQuantities(maxGuest, guest) > 0)
    return [invalid(`${path}.domain.memory.maxGuest`, maxGuest, "memory in huge pages cannot grow: leave it out")];
  if (quantityToNumber(guest) % quantityToNumber(pageSize) === 0) return [];
  return [invalid(`${path}.domain.memory.guest`, guest, `must be a multiple of the huge page size ${pageSize}`)];
}
