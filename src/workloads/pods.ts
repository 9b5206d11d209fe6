/** What several workload controllers ask of a pod. */
import type { Pod, PodTemplateSpec } from "../../api/core.ts";
import { apiVersionOf, type KubeObject, type Resource } from "../../api/meta.ts";
import { controllerReference } from "../runtime/owner-references.ts";

export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

export function isActive(pod: Pod): boolean {
  return !hasEnded(pod) && pod.metadata?.deletionTimestamp === undefined;
}

export function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}

/** Ready for `minReadySeconds` without a break. */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const since = pod.status?.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime;
  return isReady(pod) && (minReadySeconds === 0 || (!!since && now - Date.parse(since) >= minReadySeconds * 1000));
}

/** A pod as the template describes it, controlled by `owner`. */
export function podFromTemplate(template: PodTemplateSpec, resource: Resource, owner: KubeObject): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      generateName: `${owner.metadata?.name}-`,
      namespace: owner.metadata?.namespace,
      labels: template.metadata?.labels,
      annotations: template.metadata?.annotations,
      finalizers: template.metadata?.finalizers,
      ownerReferences: [controllerReference(resource, owner)],
    },
    spec: template.spec,
  };
}

/** With apiVersion and kind, which items of a list lack. */
export function typed<T extends KubeObject>(resource: Resource<T>, object: T): T {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind };
}

/** Which pods to remove first: not yet placed, not running, not ready, youngest. */
export function byRemovalPreference(a: Pod, b: Pod): number {
  const rank = (pod: Pod) => [
    pod.spec?.nodeName ? 1 : 0,
    pod.status?.phase === "Running" ? 1 : 0,
    isReady(pod) ? 1 : 0,
    deletionCost(pod),
    -Date.parse(pod.metadata?.creationTimestamp ?? ""),
  ];
  const [left, right] = [rank(a), rank(b)];
  const index = left.findIndex((value, i) => value !== right[i]);
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

function deletionCost(pod: Pod): number {
  return Number(pod.metadata?.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? 0);
}
