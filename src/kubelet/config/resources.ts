/** Requests and limits as the runtime's cgroup settings. Pure. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Container, Pod } from "../../../api/core.ts";
import { quantityToMillis, quantityToNumber } from "../../base/quantity.ts";
import type { LinuxContainerResourcesSchema } from "../../cri/gen/runtime/v1/api.gen.ts";
import { qosClass } from "../pods/qos.ts";

const cpuPeriodUs = 100_000;
const leastShares = 2;
const leastQuotaUs = 1000;

export function linuxResources(
  pod: Pod,
  container: Container,
  nodeMemoryBytes: number,
): MessageInitShape<typeof LinuxContainerResourcesSchema> {
  const { requests, limits } = container.resources ?? {};
  const cpuLimit = limits?.["cpu"];
  const cpuRequest = requests?.["cpu"] ?? cpuLimit ?? 0;
  const memoryLimit = limits?.["memory"];
  return {
    cpuShares: BigInt(Math.max(leastShares, Math.floor((quantityToMillis(cpuRequest) * 1024) / 1000))),
    ...(cpuLimit !== undefined && { cpuPeriod: BigInt(cpuPeriodUs), cpuQuota: BigInt(cpuQuotaUs(cpuLimit)) }),
    ...(memoryLimit !== undefined && { memoryLimitInBytes: BigInt(quantityToNumber(memoryLimit)) }),
    oomScoreAdj: BigInt(oomScoreAdj(pod, container, nodeMemoryBytes)),
  };
}

function cpuQuotaUs(limit: string | number): number {
  return Math.max(leastQuotaUs, Math.floor((quantityToMillis(limit) * cpuPeriodUs) / 1000));
}

/** The more of its memory a container asked for, the later the kernel kills it. */
export function oomScoreAdj(pod: Pod, container: Container, nodeMemoryBytes: number): number {
  const qos = qosClass(pod);
  if (qos !== "Burstable") {
    return qos === "Guaranteed" ? -997 : 1000;
  }
  const requestBytes = quantityToNumber(container.resources?.requests?.["memory"] ?? 0);
  return Math.min(999, Math.max(3, Math.floor(1000 - (1000 * requestBytes) / nodeMemoryBytes)));
}
