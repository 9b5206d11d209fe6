/**
 * Which number and string formats the fields have: TypeScript types do not tell, but the attribute tables of
 * `@kubernetes/client-node` do.
 */
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Definitions, Schema } from "../../src/apimachinery/schema/schema.ts";

interface Attribute {
  baseName: string;
  type: string;
  format: string;
}

interface ModelClass {
  attributeTypeMap?: Attribute[];
}

const directory = resolve(import.meta.dirname, "../../node_modules/@kubernetes/client-node/dist/gen/models");

/** Changes the definitions in place. */
export async function addFormats(definitions: Definitions): Promise<void> {
  const files = new Set(readdirSync(directory));
  for (const [name, schema] of Object.entries(definitions)) {
    const model = modelNames(name).find((candidate) => files.has(`${candidate}.js`));
    if (model === undefined) continue;
    const attributes = await attributesOf(model);
    for (const attribute of attributes) addFormat(schema.properties?.[attribute.baseName], attribute);
  }
}

async function attributesOf(model: string): Promise<Attribute[]> {
  const url = pathToFileURL(resolve(directory, `${model}.js`)).href;
  const classes = (await import(url)) as Record<string, ModelClass>;
  return classes[model]?.attributeTypeMap ?? [];
}

/** `io.k8s.api.core.v1.Event` is `CoreV1Event` where the short name is taken, else `V1Event`. */
function modelNames(definition: string): string[] {
  const [type = "", version = "", group = ""] = definition.split(".").reverse();
  const short = `${capitalize(version)}${type}`;
  return [`${capitalize(group)}${short}`, short];
}

function addFormat(field: Schema | undefined, { format, type }: Attribute): void {
  if (field === undefined || !["int32", "int64", "byte", "double"].includes(format)) return;
  const target = type.startsWith("Array<") ? field.items : type.startsWith("{") ? mapValue(field) : field;
  if (target === undefined || target.type === undefined) return;
  target.format = format;
  if (format === "double") target.type = "number";
}

function mapValue(field: Schema): Schema | undefined {
  return typeof field.additionalProperties === "object" ? field.additionalProperties : undefined;
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
