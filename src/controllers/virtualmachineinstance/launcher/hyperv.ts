/**
 * Hyper-V's enlightenments by QEMU's names for them: what a guest that knows Hyper-V asks of its host instead of emulated hardware. What
 * one needs that has no name in the API, or was left out, comes with it. Pure.
 */
import type { Domain as DomainSpec, VirtualMachineInstanceSpec } from "../../../../api/kubevirt/types.ts";
import type { Cpu } from "../../../qemu/domain/domain.ts";

type Flags = NonNullable<Cpu["hyperv"]>;
type Features = NonNullable<NonNullable<DomainSpec["features"]>["hyperv"]>;

const flagOf = {
  evmcs: "hv-evmcs",
  frequencies: "hv-frequencies",
  ipi: "hv-ipi",
  reenlightenment: "hv-reenlightenment",
  relaxed: "hv-relaxed",
  reset: "hv-reset",
  runtime: "hv-runtime",
  synic: "hv-synic",
  synictimer: "hv-stimer",
  tlbflush: "hv-tlbflush",
  vapic: "hv-vapic",
  vpindex: "hv-vpindex",
} as const satisfies Partial<Record<keyof Features, string>>;

/** How often a processor tries a lock before it tells the host that it waits. */
const defaultSpinlockRetries = 4096;

/** Empty when none is asked for. */
export function hypervFlags({ domain }: VirtualMachineInstanceSpec): Flags {
  const { hyperv = {}, hypervPassthrough } = domain.features ?? {};
  const timer = domain.clock?.timer?.hyperv;
  return {
    ...(isOn(hypervPassthrough) && { "hv-passthrough": true }),
    ...featureFlags(hyperv),
    ...(((timer && timer.present !== false) || isOn(hyperv.synictimer)) && { "hv-time": true }),
  };
}

function featureFlags(hyperv: Features): Flags {
  const { spinlocks, vendorid, synictimer, tlbflush } = hyperv;
  const plain = Object.entries(flagOf).filter(([name]) => isOn(hyperv[name as keyof typeof flagOf]));
  return {
    ...Object.fromEntries(plain.map(([, flag]) => [flag, true])),
    ...(isOn(synictimer) && isOn(synictimer?.direct) && { "hv-stimer-direct": true }),
    ...(isOn(tlbflush) && isOn(tlbflush?.direct) && { "hv-tlbflush-direct": true, "hv-vapic": true }),
    ...(isOn(tlbflush) && isOn(tlbflush?.extended) && { "hv-tlbflush-ext": true }),
    ...(isOn(spinlocks) && { "hv-spinlocks": spinlocks?.spinlocks ?? defaultSpinlockRetries }),
    ...(isOn(vendorid) && vendorid?.vendorid && { "hv-vendor-id": vendorid.vendorid }),
  };
}

/** There, and not said to be off. */
function isOn(feature: { enabled?: boolean } | undefined): boolean {
  return feature !== undefined && feature.enabled !== false;
}
