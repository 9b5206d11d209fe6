/** Rules about CPUs: a topology QEMU accepts, and requests that match it when CPUs are dedicated. */
import { compareQuantities, isQuantity, parseQuantity, quantityToMillis } from "../../../src/base/quantity.ts";
import { invalid, oneOf, required, type StatusCause, unique } from "./causes.ts";
import { virtualCpuCount } from "../defaults/resources.ts";
import type { Cpu, VirtualMachineInstanceSpec } from "../types.ts";

const maxVirtualCpus = 512;
const featurePolicies = ["force", "require", "optional", "disable", "forbid"];
const cpuModelPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

export function validateCpu(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const cpu: Cpu = spec.domain.cpu ?? {};
  const field = `${path}.domain.cpu`;
  return [
    ...validateTopology(cpu, field, spec.architecture),
    ...validateModel(cpu, field),
    ...validateFeatures(cpu, field),
    ...validateRequests(spec, `${path}.domain.resources`),
    ...validateDedicated(spec, path),
  ];
}

function validateTopology(cpu: Cpu, field: string, architecture: string | undefined): StatusCause[] {
  const counts = ["sockets", "cores", "threads", "maxSockets"] as const;
  const wrong = counts.flatMap((name) => {
    const count = cpu[name];
    return count !== undefined && (!Number.isInteger(count) || count < 0)
      ? [invalid(`${field}.${name}`, count, "must be a whole number of at least 1")]
      : [];
  });
  if (wrong.length > 0) return wrong;
  const total = virtualCpuCount(cpu);
  return [
    ...(total > maxVirtualCpus
      ? [invalid(field, total, `sockets x cores x threads must not exceed ${maxVirtualCpus} virtual CPUs`)]
      : []),
    ...(cpu.maxSockets && (cpu.sockets ?? 1) > cpu.maxSockets
      ? [invalid(`${field}.sockets`, cpu.sockets, `must not exceed maxSockets (${cpu.maxSockets})`)]
      : []),
    ...(architecture === "arm64" && (cpu.threads ?? 1) > 1
      ? [invalid(`${field}.threads`, cpu.threads, "must be 1 on arm64")]
      : []),
  ];
}

function validateModel(cpu: Cpu, field: string): StatusCause[] {
  if (!cpu.model || cpuModelPattern.test(cpu.model)) return [];
  return [
    invalid(
      `${field}.model`,
      cpu.model,
      "is no CPU model: use host-model, host-passthrough or a name of `qemu-system-x86_64 -cpu help`",
    ),
  ];
}

function validateFeatures(cpu: Cpu, field: string): StatusCause[] {
  const features = cpu.features ?? [];
  return [
    ...features.flatMap((feature, index) => validateFeatureName(feature.name, `${field}.features[${index}].name`)),
    ...features.flatMap((feature, index) =>
      oneOf(`${field}.features[${index}].policy`, feature.policy, featurePolicies),
    ),
    ...unique(
      features,
      (feature) => feature.name,
      (index) => `${field}.features[${index}].name`,
      "a CPU feature is named once",
    ),
  ];
}

function validateFeatureName(name: string | undefined, field: string): StatusCause[] {
  if (!name) return [required(field, "the name of a CPU feature, e.g. avx2")];
  return cpuModelPattern.test(name)
    ? []
    : [invalid(field, name, "is no CPU feature: use a name of `qemu-system-x86_64 -cpu help`")];
}

function validateRequests(spec: VirtualMachineInstanceSpec, field: string): StatusCause[] {
  const { requests, limits } = spec.domain.resources ?? {};
  const amounts = [
    { field: `${field}.requests.cpu`, value: requests?.["cpu"] },
    { field: `${field}.limits.cpu`, value: limits?.["cpu"] },
  ];
  const wrong = amounts.flatMap(({ field, value }) => {
    if (value === undefined) return [];
    if (!isQuantity(value)) return [invalid(field, value, "is not a quantity: write e.g. 500m or 2")];
    return parseQuantity(value) < 0n ? [invalid(field, value, "must not be negative")] : [];
  });
  if (wrong.length > 0) return wrong;
  const [request, limit] = [requests?.["cpu"], limits?.["cpu"]];
  if (request === undefined || limit === undefined || compareQuantities(request, limit) <= 0) return [];
  return [invalid(`${field}.requests.cpu`, request, `must not exceed ${field}.limits.cpu (${limit})`)];
}

function validateDedicated(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const cpu: Cpu = spec.domain.cpu ?? {};
  const field = `${path}.domain.cpu`;
  if (!cpu.dedicatedCpuPlacement) {
    return [
      ...(cpu.isolateEmulatorThread
        ? [invalid(`${field}.isolateEmulatorThread`, true, "needs dedicatedCpuPlacement: true")]
        : []),
      ...(cpu.numa?.guestMappingPassthrough
        ? [invalid(`${field}.numa.guestMappingPassthrough`, {}, "needs dedicatedCpuPlacement: true and hugepages")]
        : []),
      ...(cpu.realtime
        ? [
            invalid(
              `${field}.realtime`,
              cpu.realtime,
              "needs dedicatedCpuPlacement: true and numa.guestMappingPassthrough",
            ),
          ]
        : []),
    ];
  }
  return [
    ...validateDedicatedAmounts(spec, path),
    ...validateDedicatedMemory(spec, path),
    ...((cpu.threads ?? 1) > maxDedicatedThreads
      ? [invalid(`${field}.threads`, cpu.threads, "must not exceed 2 with dedicatedCpuPlacement")]
      : []),
    ...(cpu.numa?.guestMappingPassthrough && !spec.domain.memory?.hugepages
      ? [invalid(`${field}.numa.guestMappingPassthrough`, {}, "needs memory.hugepages")]
      : []),
    ...(cpu.realtime && !cpu.numa?.guestMappingPassthrough
      ? [invalid(`${field}.realtime`, cpu.realtime, "needs numa.guestMappingPassthrough")]
      : []),
  ];
}

const maxDedicatedThreads = 2;

/** The kubelet gives processors of its own only to who asks for no more than it is granted, of memory as well. */
function validateDedicatedMemory(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const { requests, limits, overcommitGuestOverhead } = spec.domain.resources ?? {};
  const field = `${path}.domain.resources`;
  const [request, limit] = [requests?.["memory"], limits?.["memory"]];
  const areRight = isQuantity(request) && isQuantity(limit);
  return [
    ...(areRight && compareQuantities(request ?? 0, limit ?? 0) !== 0
      ? [
          invalid(
            `${field}.requests.memory`,
            request,
            `must equal ${field}.limits.memory (${limit}) with dedicatedCpuPlacement`,
          ),
        ]
      : []),
    ...(overcommitGuestOverhead
      ? [invalid(`${field}.overcommitGuestOverhead`, true, "must not be set with dedicatedCpuPlacement")]
      : []),
  ];
}

function validateDedicatedAmounts(spec: VirtualMachineInstanceSpec, path: string): StatusCause[] {
  const { requests, limits } = spec.domain.resources ?? {};
  const quantity = limits?.["cpu"] ?? requests?.["cpu"];
  if (quantity === undefined || !isQuantity(quantity)) return [];
  const field = `${path}.domain.resources.${limits?.["cpu"] === undefined ? "requests" : "limits"}.cpu`;
  const [request, limit] = [requests?.["cpu"], limits?.["cpu"]];
  if (isQuantity(request) && isQuantity(limit) && compareQuantities(request ?? 0, limit ?? 0) !== 0)
    return [
      invalid(
        `${path}.domain.resources.requests.cpu`,
        request,
        `must equal ${field} (${limit}) with dedicatedCpuPlacement`,
      ),
    ];
  const millis = quantityToMillis(quantity);
  if (millis % 1000 !== 0)
    return [invalid(field, quantity, "must be a whole number of CPUs with dedicatedCpuPlacement")];
  const count = virtualCpuCount(spec.domain.cpu);
  return millis === count * 1000
    ? []
    : [invalid(field, quantity, `must equal the ${count} virtual CPUs with dedicatedCpuPlacement`)];
}
