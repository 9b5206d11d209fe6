/** Whether the field that a cause names is one that there is: in the manifest, or in the schema of its kind. */
import { fieldSchema, isJsonObject, type Schema } from "../../src/apimachinery/schema/schema.ts";

/** `a.b[0].c`, `labels[app.kubernetes.io/name]`; names may hold anything, so what is there is tried before what is written. */
export function isNamedField(field: string, manifest: unknown, schema: Schema | undefined): boolean {
  if (field === "") return true;
  return namesIn(field).some(({ name, rest }) => {
    const index = /^\d+$/.test(name) ? Number(name) : undefined;
    const child = childOf(manifest, name);
    const childSchema = index !== undefined && schema?.items ? schema.items : fieldSchema(schema, name);
    const isFree = schema?.["x-kubernetes-preserve-unknown-fields"] === true;
    if (child === undefined && childSchema === undefined && !isFree) return false;
    return isNamedField(rest, child, childSchema ?? (isFree ? schema : undefined));
  });
}

function childOf(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value[Number(name)];
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** The ways to read the first step off a path. */
function namesIn(field: string): { name: string; rest: string }[] {
  if (field.startsWith("[")) {
    const ends = [...field.matchAll(/\]/g)].map((match) => match.index);
    return ends.map((end) => ({ name: field.slice(1, end), rest: field.slice(end + 1).replace(/^\./, "") }));
  }
  const ends = [...field.matchAll(/[.[]/g)].map((match) => match.index);
  return [...ends, field.length].map((end) => ({
    name: field.slice(0, end),
    rest: field.slice(end).replace(/^\./, ""),
  }));
}
