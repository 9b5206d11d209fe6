/** The kinds that a CustomResourceDefinition brings, one for each served version. */
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from "../../../api/apiextensions.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { customSchema } from "../../apimachinery/schema/custom-schema.ts";
import type { Schema } from "../../apimachinery/schema/schema.ts";
import { allVerbs, type ServedKind, type Strategy } from "../registry/kind.ts";
import { customColumns } from "./columns.ts";
import { compileJsonPath } from "./json-path.ts";

export function servedKinds(definition: CustomResourceDefinition): ServedKind[] {
  const { versions } = definition.spec;
  const storageVersion = versions.find((version) => version.storage)?.name ?? "";
  return versions.filter((version) => version.served).map((version) => servedKind(definition, version, storageVersion));
}

function servedKind(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  storageVersion: string,
): ServedKind {
  const { group, names, scope, preserveUnknownFields } = definition.spec;
  const openApiSchema = version.schema?.openAPIV3Schema as Schema | undefined;
  const scale = version.subresources?.scale;
  const terminating = definition.metadata?.deletionTimestamp !== undefined;
  return {
    group,
    version: version.name,
    kind: names.kind,
    listKind: names.listKind ?? `${names.kind}List`,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope === "Namespaced",
    // Nothing new comes into being while the definition is on its way out.
    verbs: terminating ? allVerbs.filter((verb) => verb !== "create") : allVerbs,
    storageVersion,
    statusSubresource: version.subresources?.status !== undefined,
    statusTakesMetadata: false,
    scale: scale && {
      specReplicasPath: scale.specReplicasPath,
      statusReplicasPath: scale.statusReplicasPath,
      ...(scale.labelSelectorPath !== undefined && { labelSelectorPath: scale.labelSelectorPath }),
    },
    generation: "all-but-status",
    columns: customColumns(version.additionalPrinterColumns),
    strategy: strategyOf(version),
    custom: true,
    schema: openApiSchema && !preserveUnknownFields ? customSchema(openApiSchema) : undefined,
    openApiSchema: openApiSchema ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  };
}

function strategyOf(version: CustomResourceDefinitionVersion): Strategy {
  const selectable = (version.selectableFields ?? []).map(({ jsonPath }) => ({
    path: jsonPath.replace(/^\./, ""),
    read: compileJsonPath(jsonPath),
  }));
  if (selectable.length === 0) return {};
  return {
    fields: (object: KubeObject) =>
      Object.fromEntries(selectable.map(({ path, read }) => [path, read(object).map(String).join(",")])),
  };
}
