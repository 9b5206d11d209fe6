/** The schemas of the built-in kinds, linked once, found by group, version and kind. */
import { readFileSync } from "node:fs";
import { linkDefinitions } from "../../apimachinery/schema/link.ts";
import type { Definitions, Schema } from "../../apimachinery/schema/schema.ts";

const file = new URL("../../../api/schemas/kubernetes.gen.json", import.meta.url);

let loaded: { definitions: Definitions; byKind: Map<string, Schema> } | undefined;

/** As generated, with `$ref`s: what OpenAPI documents are made of. */
export function builtinDefinitions(): Definitions {
  return load().definitions;
}

export function builtinSchema(group: string, version: string, kind: string): Schema | undefined {
  return load().byKind.get(`${group}/${version}/${kind}`);
}

export const objectMetaDefinition = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

function load() {
  if (loaded) return loaded;
  const definitions = JSON.parse(readFileSync(file, "utf8")) as Definitions;
  const byKind = new Map<string, Schema>();
  for (const [name, schema] of Object.entries(linkDefinitions(definitions))) {
    if (name === objectMetaDefinition) byKind.set("//ObjectMeta", schema);
    for (const { group, version, kind } of schema["x-kubernetes-group-version-kind"] ?? [])
      byKind.set(`${group}/${version}/${kind}`, schema);
  }
  loaded = { definitions, byKind };
  return loaded;
}

/** The schema of `metadata`, for kinds whose own schema leaves it open. */
export function objectMetaSchema(): Schema {
  return builtinSchema("", "", "ObjectMeta") ?? {};
}
