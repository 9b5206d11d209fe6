/** What the plugins of this directory share: which requests are theirs, and patience with objects of a wrong shape. */
import type { AdmissionRequest } from "../../../api/admission.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";

export function concerns(request: AdmissionRequest, ...resources: Pick<Resource, "group" | "plural">[]): boolean {
  const { group, plural } = request.resource;
  const writes = request.operation === "CREATE" || request.operation === "UPDATE";
  return (
    writes && request.subresource === "" && resources.some((each) => group === each.group && plural === each.plural)
  );
}

/** Finalizers and labels may change even on an object that a newer version's rules would refuse. */
export function isUntouched({ object, oldObject }: AdmissionRequest): boolean {
  if (oldObject === undefined) return false;
  const specOf = (each: KubeObject | undefined): unknown => (each as { spec?: unknown } | undefined)?.spec;
  return object?.metadata?.deletionTimestamp !== undefined || sameJson(specOf(object), specOf(oldObject));
}

/** Runs before the schema check: a field of a wrong type stays for that check to name. */
export async function tolerant(
  object: KubeObject,
  change: () => KubeObject | Promise<KubeObject>,
): Promise<KubeObject> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof TypeError) return object;
    throw error;
  }
}

export function rfc3339Now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
