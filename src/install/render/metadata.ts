/** What every object of an installation has in common, and by which it is found again. Pure. */
import type { KubeObject } from "../../../api/meta.ts";

export const managedBy = "app.kubernetes.io/managed-by";
const partOf = "app.kubernetes.io/part-of";
const name = "app.kubernetes.io/name";

/** On everything, and on nothing that is not of an installation. */
export const ownLabels = { [managedBy]: "vmpod", [partOf]: "vmpod" } as const;

export const ownSelector = Object.entries(ownLabels)
  .map(([key, value]) => `${key}=${value}`)
  .join(",");

/** Selects the pods of one component. */
export function podLabels(component: string): Record<string, string> {
  return { [name]: component };
}

/** Pods with it are scraped through the Service of that name. */
export const metricsService = "kubevirt-prometheus-metrics";
export const metricsPortName = "metrics";
export const metricsLabels = { "prometheus.kubevirt.io": "true" } as const;

/** For a Prometheus that finds pods by annotations. */
export function metricsAnnotations(port: number): Record<string, string> {
  return { "prometheus.io/scrape": "true", "prometheus.io/scheme": "https", "prometheus.io/port": String(port) };
}

/** Whoever brought it here, `vmpod install` or Helm: it is a part of vmpod. */
export function isOwn(object: KubeObject): boolean {
  return object.metadata?.labels?.[partOf] === "vmpod";
}

/** Helm puts its own name there. */
export function isHelms(object: KubeObject): boolean {
  return object.metadata?.labels?.[managedBy] === "Helm";
}

export function labelled<T extends KubeObject>(object: T): T {
  return { ...object, metadata: { ...object.metadata, labels: { ...object.metadata?.labels, ...ownLabels } } };
}
