/** The generated schemas of Kubernetes' own kinds; read and linked when first asked for. */
import { readFileSync } from "node:fs";
import type { Resource } from "../../../api/meta.ts";
import { linkDefinitions } from "./link.ts";
import type { Definitions, GroupVersionKind, Schema } from "./schema.ts";

const file = new URL("../../../api/schemas/kubernetes.gen.json", import.meta.url);

let unlinked: Definitions | undefined;
let linked: Definitions | undefined;
let byKind: Map<string, string> | undefined;

/** As generated, with `$ref`s and descriptions: for OpenAPI documents. Not to be changed. */
export function builtinDefinitions(): Definitions {
  unlinked ??= JSON.parse(readFileSync(file, "utf8")) as Definitions;
  return unlinked;
}

/** Linked, e.g. of `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`. */
export function builtinType(definition: string): Schema | undefined {
  linked ??= linkDefinitions(builtinDefinitions());
  return linked[definition];
}

/** The linked schema of a built-in kind; undefined for kinds that are not built in. */
export function builtinSchema(kind: Pick<Resource, "group" | "version" | "kind">): Schema | undefined {
  const name = builtinDefinitionName(kind);
  return name === undefined ? undefined : builtinType(name);
}

/** E.g. `io.k8s.api.core.v1.Pod`. */
export function builtinDefinitionName({ group, version, kind }: GroupVersionKind): string | undefined {
  byKind ??= indexKinds(builtinDefinitions());
  return byKind.get(`${group}/${version}/${kind}`);
}

function indexKinds(definitions: Definitions): Map<string, string> {
  const index = new Map<string, string>();
  for (const [name, schema] of Object.entries(definitions)) {
    for (const { group, version, kind } of schema["x-kubernetes-group-version-kind"] ?? []) {
      index.set(`${group}/${version}/${kind}`, name);
    }
  }
  return index;
}

export const objectMetaDefinition = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
