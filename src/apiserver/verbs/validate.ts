/** Refuses an object whose metadata or fields are bad: 422 with every cause at once. */
import type { KubeObject } from "../../../api/meta.ts";
import { invalidObject } from "../../apimachinery/invalid.ts";
import {
  dns1035Label,
  dns1123Label,
  dns1123Subdomain,
  type NameCheck,
  pathSegment,
} from "../../apimachinery/names/names.ts";
import { validateObjectMeta } from "../../apimachinery/names/validate-object-meta.ts";
import type { StatusCause } from "../../base/errors.ts";
import { schemaCauses } from "./check-fields.ts";
import { groupResource, type ServedKind } from "../registry/kind.ts";

const nameChecks: Record<string, NameCheck> = {
  namespaces: dns1123Label,
  services: dns1035Label,
  "roles.rbac.authorization.k8s.io": pathSegment,
  "rolebindings.rbac.authorization.k8s.io": pathSegment,
  "clusterroles.rbac.authorization.k8s.io": pathSegment,
  "clusterrolebindings.rbac.authorization.k8s.io": pathSegment,
};

function metaCauses(kind: ServedKind, object: KubeObject): StatusCause[] {
  const nameCheck = nameChecks[groupResource(kind)] ?? dns1123Subdomain;
  return validateObjectMeta(object.metadata ?? {}, { namespaced: kind.namespaced, nameCheck });
}

/** The schema first: the rules about metadata, and the kind's own, may rely on the types of fields. */
export function objectCauses(kind: ServedKind, object: KubeObject): StatusCause[] {
  const wrong = schemaCauses(kind, object);
  const isMetaTyped = !wrong.some(({ field = "" }) => field.startsWith("metadata"));
  const basic = [...(isMetaTyped ? metaCauses(kind, object) : []), ...wrong];
  return basic.length > 0 ? basic : (kind.strategy.validate?.(object) ?? []);
}

export function invalidIf(kind: ServedKind, object: KubeObject, causes: readonly StatusCause[]): void {
  if (causes.length > 0) throw invalidObject(kind, object.metadata?.name ?? "", causes);
}
