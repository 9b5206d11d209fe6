/**
 * OpenAPI v2 (Swagger): one document for everything. Only old clients read it (`kubectl` before 1.27).
 *
 * It knows neither alternatives nor nullable values, so wherever a schema says more than it can, the definition says
 * less: no type at all.
 */
import type { Definitions, JsonObject, Schema } from "../schema/schema.ts";
import { refPrefix } from "../schema/schema.ts";
import { componentsOf } from "./components.ts";
import { type Dialect, pathsOf } from "./paths.ts";
import { definitionNameOf, type PublishedKind } from "./published-kind.ts";

const v2Prefix = "#/definitions/";

const dialect: Dialect = {
  parameter: (name, type, description) => ({ name, in: "query", description, type, uniqueItems: true }),
  body: () => ({ consumes: ["application/json"] }),
  responses: (kind) => ({
    "200": { description: "OK", schema: { $ref: v2Prefix + definitionNameOf(kind) } },
    "401": { description: "Unauthorized" },
  }),
};

export interface OpenApiV2 extends JsonObject {
  swagger: "2.0";
  info: { title: string; version: string };
  paths: Record<string, JsonObject>;
  definitions: Definitions;
}

export function openApiV2(kinds: readonly PublishedKind[], programVersion: string): OpenApiV2 {
  const components = componentsOf(kinds);
  const definitions = Object.entries(components).map(([name, schema]) => [name, scalars[name] ?? reduce(schema)]);
  return {
    swagger: "2.0",
    info: { title: "Kubernetes", version: programVersion },
    paths: pathsOf(kinds, dialect),
    definitions: Object.fromEntries(definitions) as Definitions,
  };
}

const scalars: Definitions = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { type: "string" },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { type: "string", format: "int-or-string" },
};

/** What v2 can say of a schema. */
function reduce(schema: Schema): Schema {
  const { allOf, anyOf: _anyOf, oneOf: _oneOf, not: _not, nullable, default: _default, ...rest } = schema;
  const reference = schema.$ref ?? allOf?.[0]?.$ref;
  if (reference !== undefined) return { ...keep(rest), $ref: v2Prefix + reference.slice(refPrefix.length) };
  if (rest["x-kubernetes-int-or-string"] === true || nullable === true || keepsUnknown(rest)) return untyped(rest);
  const { properties, items, additionalProperties } = rest;
  return {
    ...rest,
    ...(properties && { properties: mapValues(properties, reduce) }),
    ...(items && { items: reduce(items) }),
    ...(typeof additionalProperties === "object" && { additionalProperties: reduce(additionalProperties) }),
  };
}

function keepsUnknown(schema: Schema): boolean {
  return schema["x-kubernetes-preserve-unknown-fields"] === true;
}

function untyped({
  type: _t,
  properties: _p,
  items: _i,
  additionalProperties: _a,
  required: _r,
  ...rest
}: Schema): Schema {
  return keep(rest);
}

/** What may stand beside a reference or without a type. */
function keep(schema: Schema): Schema {
  const kept = Object.entries(schema).filter(([key]) => key === "description" || key.startsWith("x-kubernetes-"));
  return Object.fromEntries(kept) as Schema;
}

function mapValues(record: Definitions, change: (schema: Schema) => Schema): Definitions {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
