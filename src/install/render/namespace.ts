import type { Namespace, ResourceQuota } from "../../../api/core.ts";
import type { InstallSettings } from "../settings.ts";
import { priorityClasses } from "./pods.ts";

/** The node agents need a node's devices and mounts: the namespace must allow privileged pods. */
export function renderNamespace({ namespace }: InstallSettings): Namespace {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "privileged" } },
  };
}

const madeBy = "vmpod.dev/made-by";

/** One that an administrator had made before stays when vmpod is removed. */
export function markMade(namespace: Namespace): Namespace {
  const annotations = { ...namespace.metadata?.annotations, [madeBy]: "vmpod-install" };
  return { ...namespace, metadata: { ...namespace.metadata, annotations } };
}

export function wasMade(namespace: Namespace): boolean {
  return namespace.metadata?.annotations?.[madeBy] === "vmpod-install";
}

/** Some clusters let pods of these classes run only in namespaces that have a quota for them. It limits nothing here. */
export function renderPriorityQuota({ namespace }: InstallSettings): ResourceQuota {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "vmpod-critical-pods", namespace },
    spec: {
      hard: { pods: "1G" },
      scopeSelector: {
        matchExpressions: [
          { scopeName: "PriorityClass", operator: "In", values: Object.values(priorityClasses).toSorted() },
        ],
      },
    },
  };
}
