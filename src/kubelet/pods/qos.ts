import type { Container, Pod, ResourceRequirements } from "../../../api/core.ts";
import { compareQuantities } from "../../base/quantity.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

/** Kubernetes' quality-of-service class: decides whom the kernel kills first when memory runs out. */
export function qosClass(pod: Pod): QosClass {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  if (containers.every(asksNothing)) {
    return "BestEffort";
  }
  return containers.every(isGuaranteed) ? "Guaranteed" : "Burstable";
}

const counted = ["cpu", "memory"] as const;

function quantityOf(list: ResourceRequirements["limits"], name: string): string | undefined {
  const value = list?.[name];
  return value === undefined || compareQuantities(value, 0) === 0 ? undefined : String(value);
}

function asksNothing({ resources }: Container): boolean {
  return counted.every(
    (name) => quantityOf(resources?.limits, name) === undefined && quantityOf(resources?.requests, name) === undefined,
  );
}

function isGuaranteed({ resources }: Container): boolean {
  return counted.every((name) => {
    const limit = quantityOf(resources?.limits, name);
    const request = quantityOf(resources?.requests, name) ?? limit;
    return limit !== undefined && request !== undefined && compareQuantities(limit, request) === 0;
  });
}
