/**
 * Structural schemas: the part of OpenAPI v3 that Kubernetes uses, plus its `x-kubernetes-*` extensions.
 *
 * On disk and in OpenAPI documents types refer to each other by `$ref` (`Definitions`). The engine works on a
 * linked graph in which every `$ref` is replaced by the schema that it names, so that no function needs
 * the definitions at hand. The graph may have cycles and is never changed after linking.
 */
export interface Schema {
  $ref?: string;
  description?: string;
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  format?: string;
  title?: string;
  default?: unknown;
  nullable?: boolean;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-embedded-resource"?: boolean;
  "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  "x-kubernetes-list-map-keys"?: string[];
  "x-kubernetes-map-type"?: "atomic" | "granular";
  "x-kubernetes-patch-strategy"?: string;
  "x-kubernetes-patch-merge-key"?: string;
  "x-kubernetes-group-version-kind"?: GroupVersionKind[];
  "x-kubernetes-validations"?: unknown[];
  /** Engine only: below here null means absent, as where Kubernetes decodes into a Go type. */
  "x-vmpod-null-is-absent"?: boolean;
}

export interface GroupVersionKind {
  group: string;
  version: string;
  kind: string;
}

/** Schemas by name, e.g. `io.k8s.api.core.v1.Pod`. */
export type Definitions = Record<string, Schema>;

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const refPrefix = "#/components/schemas/";

/** A key of the JSON object itself, never one of its prototype (`constructor`, `__proto__`). */
export function ownProperty<T>(record: Record<string, T> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** The schema of one field of an object, or of any key of a map. */
export function fieldSchema(schema: Schema | undefined, field: string): Schema | undefined {
  const property = ownProperty(schema?.properties, field);
  if (property !== undefined) return property;
  return typeof schema?.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

/** Keys of a list whose items are told apart by these fields; undefined for other lists. */
export function listMapKeys(schema: Schema | undefined): string[] | undefined {
  return schema?.["x-kubernetes-list-type"] === "map" ? (schema["x-kubernetes-list-map-keys"] ?? []) : undefined;
}
