/** The downward API: a pod's own fields and resources, for environment variables and volume files. */
import type { Container, ObjectFieldSelector, Pod, ResourceFieldSelector } from "../../../api/core.ts";
import { TerminalError } from "../../base/errors.ts";
import { parseQuantity } from "../../base/quantity.ts";

export interface PodFacts {
  nodeName: string;
  hostIp: string;
  podIps: string[];
  /** What a container without limits may use. */
  allocatable: Record<string, string>;
}

const subscripted = /^metadata\.(labels|annotations)\['([^']+)'\]$/;

/** @throws TerminalError for a path that Kubernetes does not know. */
export function fieldValue(pod: Pod, facts: PodFacts, selector: ObjectFieldSelector): string {
  const path = selector.fieldPath;
  const [, map, key = ""] = subscripted.exec(path) ?? [];
  if (map !== undefined) {
    return pod.metadata?.[map as "labels" | "annotations"]?.[key] ?? "";
  }
  const value = plainFields(pod, facts)[path];
  if (value === undefined) {
    throw new TerminalError("CreateContainerConfigError", `fieldRef: unsupported fieldPath ${JSON.stringify(path)}`);
  }
  return value();
}

function plainFields(pod: Pod, facts: PodFacts): Record<string, () => string> {
  return {
    "metadata.name": () => pod.metadata?.name ?? "",
    "metadata.namespace": () => pod.metadata?.namespace ?? "",
    "metadata.uid": () => pod.metadata?.uid ?? "",
    "metadata.labels": () => formatMap(pod.metadata?.labels),
    "metadata.annotations": () => formatMap(pod.metadata?.annotations),
    "spec.nodeName": () => facts.nodeName,
    "spec.serviceAccountName": () => pod.spec?.serviceAccountName ?? "default",
    "status.hostIP": () => facts.hostIp,
    "status.hostIPs": () => facts.hostIp,
    "status.podIP": () => facts.podIps[0] ?? "",
    "status.podIPs": () => facts.podIps.join(","),
  };
}

/** `key="escaped value"` lines, sorted. */
function formatMap(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort()
    .join("\n");
}

/** @throws TerminalError */
export function resourceValue(container: Container, facts: PodFacts, selector: ResourceFieldSelector): string {
  const [, list, name = ""] = /^(limits|requests)\.(.+)$/.exec(selector.resource) ?? [];
  if (list === undefined) {
    const message = `resourceFieldRef: unsupported resource ${JSON.stringify(selector.resource)}`;
    throw new TerminalError("CreateContainerConfigError", message);
  }
  const asked = container.resources?.[list as "limits" | "requests"]?.[name];
  const limit = list === "requests" ? container.resources?.limits?.[name] : undefined;
  const value = asked ?? limit ?? (list === "limits" ? facts.allocatable[name] : undefined) ?? "0";
  const divisor = parseQuantity(selector.divisor ?? "1") || parseQuantity("1");
  const nanos = parseQuantity(value);
  return String((nanos + divisor - 1n) / divisor);
}

/** The container that a volume's resourceFieldRef names. */
export function containerNamed(pod: Pod, name: string | undefined): Container {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const found = all.find((container) => container.name === name);
  if (found === undefined) {
    throw new TerminalError("FailedMount", `resourceFieldRef: no container ${JSON.stringify(name)} in the pod`);
  }
  return found;
}
