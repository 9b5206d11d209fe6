/** What OpenAPI documents tell of a kind, built in or custom. */
import { builtinDefinitionName } from "../schema/builtin-schemas.ts";
import type { GroupVersionKind, Schema } from "../schema/schema.ts";

export interface PublishedKind extends GroupVersionKind {
  plural: string;
  listKind: string;
  namespaced: boolean;
  verbs: readonly string[];
  /** E.g. `status`, `scale`. */
  subresources: readonly string[];
  /** `openAPIV3Schema` of a custom kind as its CRD has it; undefined for built-in kinds. */
  openApiSchema?: Schema;
}

/** `io.k8s.api.core.v1.Pod`, or `io.kubevirt.v1.VirtualMachine` for a custom kind. */
export function definitionNameOf(kind: GroupVersionKind): string {
  return builtinDefinitionName(kind) ?? [...kind.group.split(".").reverse(), kind.version, kind.kind].join(".");
}

/** `/apis/apps/v1`, `/api/v1` */
export function groupVersionPath({ group, version }: Pick<GroupVersionKind, "group" | "version">): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}
