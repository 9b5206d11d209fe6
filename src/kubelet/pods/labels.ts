/** How the runtime's sandboxes and containers are tied to pods: the real kubelet's names, so crictl shows them. */
import type { Container, Pod } from "../../../api/core.ts";
import { gracePeriodAnnotation, preStopAnnotation } from "../../cri/containerd/remove-pods.ts";
import { resourcesText } from "../config/resources-text.ts";
import { specHash } from "../config/spec-hash.ts";

export const uidLabel = "io.kubernetes.pod.uid";
export const podNameLabel = "io.kubernetes.pod.name";
export const podNamespaceLabel = "io.kubernetes.pod.namespace";
export const containerNameLabel = "io.kubernetes.container.name";

export const specHashAnnotation = "io.kubernetes.container.hash";
export const resourcesAnnotation = "vmpod.dev/resources";
export const backoffLevelAnnotation = "vmpod.dev/backoff-level";
/** The processors that no other container runs on, while there are such. */
export const exclusiveCpusAnnotation = "vmpod.dev/exclusive-cpus";
export const terminationPathAnnotation = "io.kubernetes.container.terminationMessagePath";
export const terminationPolicyAnnotation = "io.kubernetes.container.terminationMessagePolicy";

export function podLabels(pod: Pod): Record<string, string> {
  return {
    ...pod.metadata?.labels,
    [uidLabel]: pod.metadata?.uid ?? "",
    [podNameLabel]: pod.metadata?.name ?? "",
    [podNamespaceLabel]: pod.metadata?.namespace ?? "",
  };
}

export function containerLabels(pod: Pod, container: Container): Record<string, string> {
  const { [uidLabel]: uid = "", [podNameLabel]: name = "", [podNamespaceLabel]: namespace = "" } = podLabels(pod);
  return {
    [uidLabel]: uid,
    [podNameLabel]: name,
    [podNamespaceLabel]: namespace,
    [containerNameLabel]: container.name,
  };
}

export function containerAnnotations(pod: Pod, container: Container, backoffLevel: number): Record<string, string> {
  const preStop = container.lifecycle?.preStop?.exec?.command;
  return {
    ...(preStop !== undefined && { [preStopAnnotation]: JSON.stringify(preStop) }),
    [specHashAnnotation]: specHash(container),
    [resourcesAnnotation]: resourcesText(container),
    [backoffLevelAnnotation]: String(backoffLevel),
    [gracePeriodAnnotation]: String(pod.spec?.terminationGracePeriodSeconds ?? 30),
    [terminationPathAnnotation]: container.terminationMessagePath ?? "/dev/termination-log",
    [terminationPolicyAnnotation]: container.terminationMessagePolicy ?? "File",
  };
}
