/**
 * The definitions of a bundle of OpenAPI-generated interfaces (`@kubevirt-ui-ext/kubevirt-api`), as structural
 * schemas for CRDs.
 *
 * The bundle writes Kubernetes' scalar types (Quantity, Time, IntOrString) as `string`; their descriptions tell
 * them apart. Enumerations are left out: upstream checks those by admission, not by schema.
 */
import { readFileSync } from "node:fs";
import ts from "typescript-5";
import { type Definitions, refPrefix, type Schema } from "../../src/apimachinery/schema/schema.ts";
import { quantityPattern } from "./kubernetes-definitions.ts";
import { addNewerFields } from "./newer-fields.ts";
import { type Field, descriptionOf, fieldsOf, schemaOfType } from "./type-schema.ts";

const quantity: Schema = {
  description: "A quantity: a number with an optional suffix, e.g. 500m, 128Mi or 2Gi.",
  "x-kubernetes-int-or-string": true,
  anyOf: [{ type: "integer" }, { type: "string" }],
  pattern: quantityPattern,
};
const intOrString: Schema = { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] };
/** KubeVirt writes times that are not known yet as null. */
const time: Schema = { type: "string", format: "date-time", nullable: true };

/** `string` fields whose description starts so are something else. */
const scalars: [description: string, schema: Schema][] = [
  ["Quantity is a fixed-point representation", quantity],
  ["IntOrString is a type that can hold", intOrString],
  ["Time is a wrapper around time.Time", time],
  ["MicroTime is version of Time", time],
];

const quantityMaps = new Set(["limits", "requests", "capacity"]);
const fractions = new Set(["V1TokenBucketRateLimiter.qps"]);

const embeddedMetadata: Schema = { type: "object", nullable: true, "x-kubernetes-preserve-unknown-fields": true };

/** The definitions of these interfaces and of everything that they refer to, by interface name. */
export function bundleDefinitions(path: string, roots: readonly string[]): Definitions {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ESNext, true);
  const declarations = new Map(
    source.statements.filter(ts.isInterfaceDeclaration).map((node) => [node.name.text, node]),
  );
  const definitions: Definitions = {};
  const queue = [...roots];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (Object.hasOwn(definitions, name)) continue;
    const declaration = declarations.get(name);
    if (declaration === undefined) throw new Error(`${path} declares no interface ${name}`);
    definitions[name] = schemaOfInterface(declaration, (type) => {
      if (isObjectMeta(type)) return embeddedMetadata;
      if (!declarations.has(type)) return { type: "string" };
      queue.push(type);
      return { $ref: refPrefix + type };
    });
  }
  addNewerFields(definitions, quantity, time);
  return definitions;
}

function isObjectMeta(type: string): boolean {
  return type === "V1ObjectMeta" || type === "K8sIoApimachineryPkgApisMetaV1ObjectMeta";
}

function schemaOfInterface(declaration: ts.InterfaceDeclaration, resolve: (type: string) => Schema): Schema {
  const description = descriptionOf(declaration);
  const fields = fieldsOf(declaration);
  const properties = fields.map((field) => [
    jsonName(field.name),
    schemaOfField(declaration.name.text, field, resolve),
  ]);
  const required = fields.filter((field) => !field.optional).map((field) => jsonName(field.name));
  return {
    ...(description !== "" && { description }),
    type: "object",
    ...(required.length > 0 && { required: required.sort() }),
    properties: Object.fromEntries(properties) as Record<string, Schema>,
    ...(declaration.name.text.endsWith("LabelSelector") && { "x-kubernetes-map-type": "atomic" as const }),
  };
}

/** The bundle renames what is reserved in TypeScript (`_default`) and what starts with capitals (`hTTPProxy`). */
function jsonName(field: string): string {
  const name = field.replace(/^_/, "");
  return /^[a-z][A-Z]{2}/.test(name) ? name.charAt(0).toUpperCase() + name.slice(1) : name;
}

function schemaOfField(owner: string, field: Field, resolve: (type: string) => Schema): Schema {
  const { description } = field;
  const schema = schemaOfType(field.type, resolve);
  const scalar = schema.type === "string" ? scalars.find(([start]) => description.startsWith(start)) : undefined;
  if (scalar) return { ...scalar[1] };
  if (quantityMaps.has(field.name) && typeof schema.additionalProperties === "object")
    schema.additionalProperties = { ...quantity };
  if (fractions.has(`${owner}.${field.name}`)) schema.type = "number";
  if (schema.type === "array") schema["x-kubernetes-list-type"] = "atomic";
  return description === "" ? schema : { description, ...schema };
}
