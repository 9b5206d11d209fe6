/**
 * Makes `api/kubevirt/crds.gen.json`: the CustomResourceDefinitions of KubeVirt and CDI. Schemas stand in it as
 * shared definitions with `$ref`s, each kind's own under its interface name; `customResourceDefinitions()`
 * of api/kubevirt/crds.ts puts the two together.
 */
import { resolve } from "node:path";
import type { Definitions } from "../../src/apimachinery/schema/schema.ts";
import { bundleDefinitions } from "./bundle-definitions.ts";
import { cdiKinds, type CustomKind, kubevirtKinds } from "./kubevirt-kinds.ts";
import { oneLinePerEntry } from "./output.ts";

const bundles = resolve(import.meta.dirname, "../../node_modules/@kubevirt-ui-ext/kubevirt-api/dist");

export async function generateKubevirtCrds(): Promise<Map<string, string>> {
  return new Map([
    ["api/kubevirt/crds.gen.json", crdFile("kubevirt", kubevirtKinds)],
    ["api/kubevirt/cdi-crds.gen.json", crdFile("containerized-data-importer", cdiKinds)],
  ]);
}

function crdFile(bundle: string, kinds: readonly CustomKind[]): string {
  const definitions = bundleDefinitions(
    resolve(bundles, bundle, "index.d.ts"),
    kinds.map((kind) => kind.model),
  );
  for (const { model } of kinds) makeRoot(definitions, model);
  const parts = { definitions: oneLinePerEntry(definitions), kinds: oneLinePerEntry(byPlural(kinds)) };
  return `{\n"definitions": ${parts.definitions},\n"kinds": ${parts.kinds}}\n`;
}

/** The API server checks `metadata` of the object itself. */
function makeRoot(definitions: Definitions, model: string): void {
  const properties = definitions[model]?.properties;
  if (properties) properties["metadata"] = { type: "object" };
}

function byPlural(kinds: readonly CustomKind[]): Record<string, unknown> {
  return Object.fromEntries(kinds.map((kind) => [`${kind.plural}.${kind.group}`, manifest(kind)]));
}

function manifest(kind: CustomKind): unknown {
  return {
    model: kind.model,
    scope: kind.scope,
    names: {
      plural: kind.plural,
      singular: kind.kind.toLowerCase(),
      kind: kind.kind,
      listKind: `${kind.kind}List`,
      ...(kind.shortNames && { shortNames: kind.shortNames }),
      ...(kind.inCategoryAll === true && { categories: ["all"] }),
    },
    versions: kind.versions,
    ...(kind.columns && { additionalPrinterColumns: kind.columns }),
    ...((kind.status ?? kind.scale) && { subresources: subresources(kind) }),
  };
}

function subresources(kind: CustomKind): unknown {
  const scale = {
    specReplicasPath: ".spec.replicas",
    statusReplicasPath: ".status.replicas",
    labelSelectorPath: ".status.labelSelector",
  };
  return { ...(kind.status === true && { status: {} }), ...(kind.scale === true && { scale }) };
}
