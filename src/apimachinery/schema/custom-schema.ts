/** The schema of a custom resource: what its CRD says, plus the `apiVersion`, `kind` and `metadata` of every object. */
import { builtinType, objectMetaDefinition } from "./builtin-schemas.ts";
import type { Schema } from "./schema.ts";

/** Given `spec.versions[].schema.openAPIV3Schema`, which stays as it is. */
export function customSchema(openApiSchema: Schema): Schema {
  return withTypeMeta(transform(openApiSchema));
}

/** Embedded objects (`x-kubernetes-embedded-resource`) have a type and metadata of their own. */
function transform(schema: Schema): Schema {
  const copy: Schema = { ...schema };
  if (schema.properties) copy.properties = mapValues(schema.properties, transform);
  if (schema.items) copy.items = transform(schema.items);
  if (typeof schema.additionalProperties === "object")
    copy.additionalProperties = transform(schema.additionalProperties);
  return copy["x-kubernetes-embedded-resource"] === true ? withTypeMeta(copy) : copy;
}

function withTypeMeta(schema: Schema): Schema {
  const metadata: Schema = { ...builtinType(objectMetaDefinition), "x-vmpod-null-is-absent": true };
  const typeMeta: Record<string, Schema> = { apiVersion: { type: "string" }, kind: { type: "string" }, metadata };
  return { ...schema, properties: { ...schema.properties, ...typeMeta } };
}

function mapValues(record: Record<string, Schema>, change: (schema: Schema) => Schema): Record<string, Schema> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
