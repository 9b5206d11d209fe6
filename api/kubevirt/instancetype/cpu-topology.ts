/** How the vCPUs of an instance type are spread over sockets, cores and threads, as a preference has it. */
import type { StatusCause } from "../validate/causes.ts";
import type { PreferenceSpec } from "./specs.ts";

export const topologies = ["sockets", "cores", "threads", "spread", "any"] as const;
export type Topology = (typeof topologies)[number];

/** Upstream's former names. */
export const deprecatedTopologies: Readonly<Record<string, Topology>> = {
  preferSockets: "sockets",
  preferCores: "cores",
  preferThreads: "threads",
  preferSpread: "spread",
  preferAny: "any",
};

export const spreads = ["SocketsCores", "CoresThreads", "SocketsCoresThreads"] as const;
export type Spread = (typeof spreads)[number];

export interface Counts {
  sockets: number;
  cores: number;
  threads: number;
}

const defaultRatio = 2;
const threadsPerCore = 2;

/** Of an unknown name nothing follows: validation refuses it. */
export function preferredTopology(preference: PreferenceSpec | undefined): Topology {
  const name = preference?.cpu?.preferredCPUTopology ?? "";
  return topologies.find((known) => known === name) ?? deprecatedTopologies[name] ?? "sockets";
}

export function spreadOptions(preference: PreferenceSpec | undefined): { across: string; ratio: number } {
  const { across, ratio } = preference?.cpu?.spreadOptions ?? {};
  return {
    across: across || "SocketsCores",
    ratio: ratio || preference?.preferSpreadSocketToCoreRatio || defaultRatio,
  };
}

export function topologyOf(vcpus: number, preference: PreferenceSpec | undefined): Counts {
  const one: Counts = { sockets: 1, cores: 1, threads: 1 };
  if (vcpus === 1) return one;
  const topology = preferredTopology(preference);
  if (topology === "spread") return { ...one, ...spread(vcpus, preference) };
  return { ...one, [topology === "any" ? "sockets" : topology]: vcpus };
}

function spread(vcpus: number, preference: PreferenceSpec | undefined): Partial<Counts> {
  const { across, ratio } = spreadOptions(preference);
  if (across === "CoresThreads") return { cores: vcpus / ratio, threads: ratio };
  if (across === "SocketsCores") return { sockets: vcpus / ratio, cores: ratio };
  return { sockets: vcpus / threadsPerCore / ratio, cores: ratio, threads: threadsPerCore };
}

/** It must come out even; upstream refuses a single vCPU, too. */
export function validateSpread(vcpus: number, preference: PreferenceSpec | undefined): StatusCause[] {
  if (preferredTopology(preference) !== "spread") return [];
  const { across, ratio } = spreadOptions(preference);
  const unit = across === "SocketsCoresThreads" ? threadsPerCore * ratio : ratio;
  if (vcpus % unit === 0) return [];
  const problem = `${vcpus} vCPUs provided by the instance type are not divisible by the`;
  const ratioName = "Spec.PreferSpreadSocketToCoreRatio or Spec.CPU.PreferSpreadOptions.Ratio of";
  const messages: Record<string, string> = {
    SocketsCores: `${problem} ${ratioName} ${ratio} provided by the preference`,
    CoresThreads: `${problem} number of threads per core ${ratio}`,
    SocketsCoresThreads: `${problem} number of threads per core ${threadsPerCore} and ${ratioName} ${ratio}`,
  };
  return [{ reason: "FieldValueInvalid", field: "spec.instancetype", message: messages[across] ?? problem }];
}
