/** What a CustomResourceDefinition must satisfy beyond its own schema. Pure. */
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from "../../../api/apiextensions.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { forbidden, invalid, required } from "../../apimachinery/schema/cause.ts";
import { compilePattern } from "../../apimachinery/schema/validate-value.ts";
import { dns1035Label } from "../../apimachinery/names/names.ts";
import type { Schema } from "../../apimachinery/schema/schema.ts";
import { messageOf, type StatusCause } from "../../base/errors.ts";
import { ensure, fill } from "../registry/field.ts";
import type { Strategy } from "../registry/kind.ts";
import { compileJsonPath } from "./json-path.ts";

export const definitionStrategy: Strategy = {
  default(definition) {
    const names = ensure(definition, "spec", "names");
    if (typeof names["kind"] !== "string") return;
    fill(names, "singular", names["kind"].toLowerCase());
    fill(names, "listKind", `${names["kind"]}List`);
  },
  prepareCreate(definition) {
    ensure(definition)["status"] = { conditions: [], acceptedNames: { plural: "", kind: "" }, storedVersions: [] };
  },
  validate: (definition) => validateDefinition(definition as CustomResourceDefinition),
  validateUpdate: (definition, old) => fixedFields(definition, old),
};

function validateDefinition({ metadata, spec }: CustomResourceDefinition): StatusCause[] {
  const { names, group, versions } = spec;
  const wanted = `${names.plural}.${group}`;
  const causes: StatusCause[] = [];
  if (metadata?.name !== wanted)
    causes.push(invalid("metadata.name", metadata?.name, `must be spec.names.plural+"."+spec.group`));
  if (!group.includes(".")) causes.push(invalid("spec.group", group, "should be a domain with at least one dot"));
  for (const key of ["plural", "kind"] as const) if (!names[key]) causes.push(required(`spec.names.${key}`));
  for (const why of dns1035Label(names.plural)) causes.push(invalid("spec.names.plural", names.plural, why));
  const stored = versions.filter((version) => version.storage);
  if (stored.length !== 1)
    causes.push(
      invalid(
        "spec.versions",
        versions.map((each) => each.name),
        "must have exactly one version marked as storage version",
      ),
    );
  const repeated = versions.filter(
    (version, index) => versions.findIndex((each) => each.name === version.name) < index,
  );
  causes.push(
    ...repeated.map((version) => invalid("spec.versions", version.name, "must contain unique version names")),
  );
  return [...causes, ...versions.flatMap((version, index) => validateVersion(version, `spec.versions[${index}]`))];
}

function validateVersion(version: CustomResourceDefinitionVersion, path: string): StatusCause[] {
  const root = version.schema?.openAPIV3Schema as Schema | undefined;
  const columns = version.additionalPrinterColumns ?? [];
  const scale = version.subresources?.scale;
  return [
    ...dns1035Label(version.name).map((why) => invalid(`${path}.name`, version.name, why)),
    ...(root
      ? schemaCauses(root, `${path}.schema.openAPIV3Schema`)
      : [required(`${path}.schema.openAPIV3Schema`, "schemas are required")]),
    ...columns.flatMap((column, index) =>
      pathCauses(column.jsonPath, `${path}.additionalPrinterColumns[${index}].jsonPath`),
    ),
    ...(scale ? pathCauses(scale.specReplicasPath, `${path}.subresources.scale.specReplicasPath`) : []),
    ...(scale ? pathCauses(scale.statusReplicasPath, `${path}.subresources.scale.statusReplicasPath`) : []),
  ];
}

function pathCauses(jsonPath: string, path: string): StatusCause[] {
  try {
    compileJsonPath(jsonPath);
    return [];
  } catch (error) {
    return [invalid(path, jsonPath, messageOf(error))];
  }
}

/** The root must be an object; every value below must say its type, or that it needs none. */
function schemaCauses(root: Schema, path: string): StatusCause[] {
  const wrongRoot =
    root.type === "object" ? [] : [invalid(`${path}.type`, root.type ?? "", 'must be "object" at the root')];
  return [...wrongRoot, ...structureCauses(root, path)];
}

function structureCauses(schema: Schema, path: string): StatusCause[] {
  const open = schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const causes: StatusCause[] =
    schema.type === undefined && !open
      ? [required(`${path}.type`, "must not be empty for specified object fields")]
      : [];
  if (schema.pattern !== undefined && compilePattern(schema.pattern) === undefined)
    causes.push(invalid(`${path}.pattern`, schema.pattern, "must be a valid regular expression"));
  if (schema.type === "array" && schema.items === undefined)
    causes.push(required(`${path}.items`, "must be specified"));
  if (schema.properties && schema.additionalProperties)
    causes.push(forbidden(`${path}.additionalProperties`, "mutual exclusive with properties"));
  for (const [name, child] of Object.entries(schema.properties ?? {}))
    causes.push(...structureCauses(child, `${path}.properties[${name}]`));
  if (schema.items) causes.push(...structureCauses(schema.items, `${path}.items`));
  if (typeof schema.additionalProperties === "object")
    causes.push(...structureCauses(schema.additionalProperties, `${path}.additionalProperties`));
  return causes;
}

function fixedFields(definition: KubeObject, old: KubeObject): StatusCause[] {
  const { spec } = definition as CustomResourceDefinition;
  const before = old as CustomResourceDefinition;
  const established = before.status?.conditions?.some((each) => each.type === "Established" && each.status === "True");
  const causes: StatusCause[] = [];
  if (spec.group !== before.spec.group) causes.push(invalid("spec.group", spec.group, "field is immutable"));
  if (spec.names.plural !== before.spec.names.plural)
    causes.push(invalid("spec.names.plural", spec.names.plural, "field is immutable"));
  if (established && spec.scope !== before.spec.scope)
    causes.push(invalid("spec.scope", spec.scope, "field is immutable"));
  if (established && spec.names.kind !== before.spec.names.kind)
    causes.push(invalid("spec.names.kind", spec.names.kind, "field is immutable"));
  const gone = (before.status?.storedVersions ?? []).filter(
    (stored) => !spec.versions.some((version) => version.name === stored),
  );
  for (const name of gone) causes.push(invalid("status.storedVersions", name, "must appear in spec.versions"));
  return causes;
}
