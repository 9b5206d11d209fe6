/** Whether a machine has what the guest of a preference needs at least. */
import { compareQuantities, isQuantity } from "../../../src/base/quantity.ts";
import type { StatusCause } from "../validate/causes.ts";
import type { Cpu, VirtualMachineInstanceSpec } from "../types.ts";
import { preferredTopology, spreadOptions } from "./cpu-topology.ts";
import type { InstancetypeSpec, MachineSpecs, PreferenceSpec } from "./specs.ts";

const templateDomain = "spec.template.spec.domain";

/** Without an instance type, the template itself must have it. */
export function validateRequirements(
  template: VirtualMachineInstanceSpec,
  { instancetype, preference }: MachineSpecs,
): StatusCause[] {
  const { cpu, memory, architecture } = preference?.requirements ?? {};
  return [
    ...(cpu && preference ? validateCpu(cpu.guest, template, { instancetype, preference }) : []),
    ...(memory ? validateMemory(memory.guest, template, instancetype) : []),
    ...validateArchitecture(architecture, template.architecture),
  ];
}

function unmet(field: string, message: string): StatusCause {
  return { reason: "FieldValueInvalid", field, message: `failure checking preference requirements: ${message}` };
}

function validateCpu(
  required: number,
  { domain }: VirtualMachineInstanceSpec,
  { instancetype, preference }: MachineSpecs & { preference: PreferenceSpec },
): StatusCause[] {
  const requires = `preference requires ${required} vCPU`;
  if (instancetype) {
    if (instancetype.cpu.guest >= required) return [];
    const provided = `insufficient CPU resources of ${instancetype.cpu.guest} vCPU provided by instance type`;
    return [unmet("spec.instancetype", `${provided}, ${requires}`)];
  }
  if (!domain.cpu) return [unmet(`${templateDomain}.cpu`, `no CPU resources provided by VirtualMachine, ${requires}`)];
  const counted = countedFields(preference);
  const provided = vcpusIn(domain.cpu, counted);
  if (provided >= required) return [];
  const message = `insufficient CPU resources of ${provided} vCPU provided by VirtualMachine, ${requires} provided as ${namesOf(counted, preference)}`;
  return counted.map((name) => unmet(`${templateDomain}.cpu.${name}`, message));
}

type Counted = "sockets" | "cores" | "threads";

const spreadFields: Readonly<Record<string, readonly Counted[]>> = {
  SocketsCores: ["sockets", "cores"],
  CoresThreads: ["cores", "threads"],
  SocketsCoresThreads: ["sockets", "cores", "threads"],
};

/** What the preference wants the vCPUs to be. */
function countedFields(preference: PreferenceSpec): readonly Counted[] {
  const topology = preferredTopology(preference);
  if (topology === "any") return ["cores", "sockets", "threads"];
  return topology === "spread" ? (spreadFields[spreadOptions(preference).across] ?? []) : [topology];
}

function vcpusIn(cpu: Cpu, counted: readonly Counted[]): number {
  if (counted.length === 1) return cpu[counted[0] ?? "sockets"] ?? 0;
  // One count is enough: the others are 1 unless they are said.
  const said = counted.flatMap((name) => cpu[name] ?? []).filter((count) => count > 0);
  return said.length === 0 ? 0 : said.reduce((product, count) => product * count, 1);
}

function namesOf(counted: readonly Counted[], preference: PreferenceSpec): string {
  if (preferredTopology(preference) === "any") return "cores, sockets and threads";
  return counted.length === 1 ? (counted[0] ?? "") : spreadOptions(preference).across;
}

function validateMemory(
  required: string,
  { domain }: VirtualMachineInstanceSpec,
  instancetype: InstancetypeSpec | undefined,
): StatusCause[] {
  const [who, field] = instancetype
    ? ["instance type", "spec.instancetype"]
    : ["VirtualMachine", `${templateDomain}.memory`];
  const provided = instancetype?.memory.guest ?? domain.memory?.guest ?? domain.resources?.requests?.["memory"];
  if (provided === undefined)
    return [unmet(field, `no Memory resources provided by ${who}, preference requires ${required}`)];
  // What is no quantity is named by the rules about memory.
  if (!isQuantity(provided) || !isQuantity(required) || compareQuantities(provided, required) >= 0) return [];
  const message = `insufficient Memory resources of ${provided} provided by ${who}, preference requires ${required}`;
  return [unmet(field, message)];
}

function validateArchitecture(required: string | undefined, given: string | undefined): StatusCause[] {
  if (!required || !given || required === given) return [];
  const message = `preference requires architecture ${required} but ${given} is being requested`;
  return [unmet("spec.template.spec.architecture", message)];
}
