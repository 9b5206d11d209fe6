/** Hyper-V enlightenments build upon each other: asking for one asks for those below it. */
import type { VirtualMachineInstanceSpec } from "../types.ts";

const dependencies = {
  synic: ["vpindex"],
  synictimer: ["synic"],
  tlbflush: ["vpindex"],
  ipi: ["vpindex"],
  evmcs: ["vapic"],
} as const;

type Feature = keyof typeof dependencies | (typeof dependencies)[keyof typeof dependencies][number];

export function defaultHypervFeatures(spec: VirtualMachineInstanceSpec): void {
  const hyperv = spec.domain.features?.hyperv;
  if (!hyperv) return;
  const enable = (feature: Feature): void => {
    if (feature in dependencies)
      for (const needed of dependencies[feature as keyof typeof dependencies]) enable(needed);
    hyperv[feature] = { ...hyperv[feature], enabled: true };
  };
  for (const feature of Object.keys(dependencies) as (keyof typeof dependencies)[]) {
    const state = hyperv[feature];
    if (state && state.enabled !== false) enable(feature);
  }
}
