/** The schemas of a document: the kinds, their lists, and everything that those refer to. */
import { builtinDefinitions, objectMetaDefinition } from "../schema/builtin-schemas.ts";
import { type Definitions, refPrefix, type Schema } from "../schema/schema.ts";
import { definitionNameOf, type PublishedKind } from "./published-kind.ts";

const metaPackage = "io.k8s.apimachinery.pkg.apis.meta.v1";
const common = [
  `${metaPackage}.DeleteOptions`,
  `${metaPackage}.Status`,
  `${metaPackage}.Patch`,
  `${metaPackage}.ListMeta`,
];
const scaleDefinition = "io.k8s.api.autoscaling.v1.Scale";

export function componentsOf(kinds: readonly PublishedKind[]): Definitions {
  const own: Definitions = {};
  for (const kind of kinds) {
    const name = definitionNameOf(kind);
    if (kind.openApiSchema) own[name] = customDefinition(kind, kind.openApiSchema);
    own[`${name}List`] = listDefinition(kind, name);
  }
  const scale = kinds.some((kind) => kind.subresources.includes("scale")) ? [scaleDefinition] : [];
  return withReferences(own, [...kinds.map(definitionNameOf), ...common, ...scale]);
}

function customDefinition(kind: PublishedKind, schema: Schema): Schema {
  const { apiVersion, kind: kindField } = typeMeta();
  const metadata: Schema = {
    description: "Standard object's metadata.",
    allOf: [{ $ref: refPrefix + objectMetaDefinition }],
  };
  return {
    ...schema,
    properties: {
      ...schema.properties,
      ...(apiVersion && { apiVersion }),
      ...(kindField && { kind: kindField }),
      metadata,
    },
    "x-kubernetes-group-version-kind": [{ group: kind.group, version: kind.version, kind: kind.kind }],
  };
}

function listDefinition(kind: PublishedKind, name: string): Schema {
  const { group, version, listKind } = kind;
  return {
    description: `${listKind} is a list of ${kind.kind}`,
    type: "object",
    required: ["items"],
    properties: {
      ...typeMeta(),
      metadata: { $ref: `${refPrefix}${metaPackage}.ListMeta` },
      items: { type: "array", items: { $ref: refPrefix + name } },
    },
    "x-kubernetes-group-version-kind": [{ group, version, kind: listKind }],
  };
}

function typeMeta(): Record<string, Schema> {
  const { apiVersion, kind } = builtinDefinitions()["io.k8s.api.core.v1.Pod"]?.properties ?? {};
  return { ...(apiVersion && { apiVersion }), ...(kind && { kind }) };
}

function withReferences(own: Definitions, roots: readonly string[]): Definitions {
  const components: Definitions = {};
  const queue = [...Object.keys(own), ...roots];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const schema = own[name] ?? builtinDefinitions()[name];
    if (schema === undefined || Object.hasOwn(components, name)) continue;
    components[name] = schema;
    queue.push(...references(schema));
  }
  return components;
}

function references(node: unknown): string[] {
  if (typeof node !== "object" || node === null) return [];
  const { $ref } = node as { $ref?: unknown };
  if (typeof $ref === "string") return [$ref.slice(refPrefix.length)];
  return Object.values(node).flatMap(references);
}
