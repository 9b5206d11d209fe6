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
