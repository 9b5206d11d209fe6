/** Rules about instance types and preferences themselves, in upstream's words. */
import { compareQuantities, isQuantity } from "../../../src/base/quantity.ts";
import { invalid, type StatusCause } from "../validate/causes.ts";
import { deprecatedTopologies, preferredTopology, spreadOptions, spreads, topologies } from "./cpu-topology.ts";
import type { InstancetypeSpec, PreferenceSpec } from "./specs.ts";

export function validateInstancetype(spec: InstancetypeSpec): StatusCause[] {
  const { cpu, memory } = spec;
  const percent = memory.overcommitPercent ?? 0;
  return [
    ...(Number.isInteger(cpu.guest) && cpu.guest > 0
      ? []
      : [invalid("spec.cpu.guest", cpu.guest, "must be a whole number of at least 1")]),
    ...(isQuantity(memory.guest) && compareQuantities(memory.guest, 0) > 0
      ? []
      : [invalid("spec.memory.guest", memory.guest, "must be a quantity greater than 0: write e.g. 2Gi")]),
    ...(percent < 0 || percent > 100
      ? [invalid("spec.memory.overcommitPercent", percent, "should be in range of 0 to 100")]
      : []),
    ...(percent > 0 && memory.hugepages
      ? [invalid("spec.memory.overcommitPercent", percent, "should not be requested together with hugepages")]
      : []),
  ];
}

export function validatePreference(spec: PreferenceSpec): StatusCause[] {
  return [...validateTopology(spec), ...validateSpreadOptions(spec)];
}

function validateTopology({ cpu }: PreferenceSpec): StatusCause[] {
  const topology = cpu?.preferredCPUTopology;
  const known = [...topologies, ...Object.keys(deprecatedTopologies)];
  if (!topology || known.includes(topology)) return [];
  const fix = `use ${topologies.join(", ")}`;
  return [invalid("spec.cpu.preferredCPUTopology", topology, `unknown preferredCPUTopology ${topology}: ${fix}`)];
}

function validateSpreadOptions(spec: PreferenceSpec): StatusCause[] {
  if (preferredTopology(spec) !== "spread") return [];
  const { across, ratio } = spreadOptions(spec);
  const field = "spec.cpu.spreadOptions";
  if (!spreads.some((known) => known === across))
    return [invalid(`${field}.across`, across, `across ${across} is not supported: use ${spreads.join(", ")}`)];
  if (across !== "CoresThreads" || ratio === 2) return [];
  const message = "only a ratio of 2 (1 core 2 threads) is allowed when spreading vCPUs over cores and threads";
  return [invalid(`${field}.ratio`, ratio, message)];
}

/** What still works and should be written anew. */
export function preferenceWarnings(spec: PreferenceSpec): string[] {
  const topology = spec.cpu?.preferredCPUTopology ?? "";
  const current = deprecatedTopologies[topology];
  const { preferredUseEfi, preferredUseSecureBoot } = spec.firmware ?? {};
  return [
    ...(current
      ? [`preferredCPUTopology ${topology} is deprecated for removal in a future release, please use ${current}`]
      : []),
    ...(spec.preferSpreadSocketToCoreRatio
      ? ["spec.preferSpreadSocketToCoreRatio is deprecated, please use spec.cpu.spreadOptions.ratio"]
      : []),
    ...(preferredUseEfi !== undefined || preferredUseSecureBoot !== undefined
      ? ["spec.firmware.preferredUseEfi and preferredUseSecureBoot are deprecated, please use preferredEfi"]
      : []),
  ];
}
