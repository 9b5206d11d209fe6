/** What the API server knows of a kind that it serves, built in or from a CustomResourceDefinition. */
import type { KubeObject } from "../../../api/meta.ts";
import type { Schema } from "../../apimachinery/schema/schema.ts";
import type { StatusCause } from "../../base/errors.ts";
import type { Column } from "../table/column.ts";

export const allVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"] as const;

export type Verb = (typeof allVerbs)[number];

/** JSON as it comes from a client: anything may be missing or of another type. */
export type Json = Record<string, unknown>;

export interface ScalePaths {
  specReplicasPath: string;
  statusReplicasPath: string;
  labelSelectorPath?: string;
}

/** The behaviour of a kind on top of what all kinds share. All functions change the object in place. */
export interface Strategy {
  /** Fields that the server fills in when the client left them out. */
  default?(object: KubeObject): void;
  prepareCreate?(object: KubeObject): void;
  /** Puts back what a client may not change by an update of the main resource. */
  prepareUpdate?(object: KubeObject, old: KubeObject): void;
  validate?(object: KubeObject): StatusCause[];
  validateUpdate?(object: KubeObject, old: KubeObject): StatusCause[];
  /** Values of field selectors beyond metadata.name and metadata.namespace. */
  fields?(object: KubeObject): Record<string, string>;
  /** Deletion waits this long for whoever runs the object; 0 deletes at once. Only pods. */
  deletionGraceSeconds?(object: KubeObject, asked: number | undefined): number;
}

/** For a kind that shows the stored objects of another one in its own form. */
export interface Conversion {
  fromStorage(object: KubeObject): KubeObject;
  toStorage(object: KubeObject): KubeObject;
}

/** One kind in one served version. */
export interface ServedKind {
  group: string;
  version: string;
  kind: string;
  listKind: string;
  plural: string;
  singular: string;
  shortNames: readonly string[];
  categories: readonly string[];
  namespaced: boolean;
  verbs: readonly Verb[];
  storageVersion: string;
  /** Where the objects are stored when that is not under the kind's own group. */
  storedAs?: { group: string; plural: string };
  conversion?: Conversion;
  /** Served at `/status`, and then not writable through the main resource. */
  statusSubresource: boolean;
  /** Labels and annotations may be written together with the status, as upstream has it for pods and nodes. */
  statusTakesMetadata: boolean;
  scale: ScalePaths | undefined;
  /** Metadata only: the object carries no spec whose change counts as a new generation. */
  generation: "none" | "spec" | "all-but-status";
  columns: readonly Column[];
  strategy: Strategy;
  /** From a CustomResourceDefinition. */
  custom: boolean;
  /** Linked; absent: anything goes. */
  schema: Schema | undefined;
  /** As the CRD has it, for OpenAPI. */
  openApiSchema?: Schema;
}

export function groupResource(kind: Pick<ServedKind, "group" | "plural">): string {
  return kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`;
}

export function groupVersion(kind: Pick<ServedKind, "group" | "version">): string {
  return kind.group === "" ? kind.version : `${kind.group}/${kind.version}`;
}
