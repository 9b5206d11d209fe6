/** Rules about Hyper-V's enlightenments. */
import { invalid, required, type StatusCause } from "./causes.ts";
import type { VirtualMachineInstanceSpec } from "../types.ts";

/** Fewer retries mean to the guest that it is never to tell. */
const minSpinlockRetries = 4096;
const vendorPattern = /^[\x20-\x2b\x2d-\x7e]{1,12}$/;

export function validateFeatures({ domain }: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const { hyperv, hypervPassthrough } = domain.features ?? {};
  const field = `${path}.domain.features`;
  if (hyperv === undefined) return [];
  const { spinlocks, vendorid } = hyperv;
  const retries = spinlocks?.spinlocks;
  return [
    ...(hypervPassthrough && hypervPassthrough.enabled !== false
      ? [invalid(`${field}.hypervPassthrough`, hypervPassthrough, "gives all there are: keep it, or hyperv")]
      : []),
    ...(retries !== undefined && retries < minSpinlockRetries
      ? [invalid(`${field}.hyperv.spinlocks.spinlocks`, retries, `must be at least ${minSpinlockRetries}`)]
      : []),
    ...(vendorid ? validateVendor(vendorid, `${field}.hyperv.vendorid.vendorid`) : []),
  ];
}

function validateVendor({ enabled, vendorid }: { enabled?: boolean; vendorid?: string }, field: string): StatusCause[] {
  if (!vendorid) return enabled === false ? [] : [required(field, "the name that the guest is told, e.g. KVM")];
  return vendorPattern.test(vendorid) ? [] : [invalid(field, vendorid, "must be 1 to 12 ASCII characters, no comma")];
}
