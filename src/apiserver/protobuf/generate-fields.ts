/**
 * Makes `fields.gen.json`: which field of a Kubernetes type has which protobuf number, from the struct tags of its Go
 * sources (Debian's source package `kubernetes`; numbers never change once given).
 *
 *   node src/apiserver/protobuf/generate-fields.ts DIR/staging/src/k8s.io > src/apiserver/protobuf/fields.gen.json
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Field, FieldTable } from "./fields.ts";

const metaPath = "apimachinery/pkg/apis/meta/v1";
const groups = [
  metaPath,
  ...["admissionregistration", "apps", "authentication", "authorization", "autoscaling", "batch", "certificates"].map(
    (name) => `api/${name}/v1`,
  ),
  ...["coordination", "core", "events", "networking", "rbac", "scheduling", "storage"].map((name) => `api/${name}/v1`),
  ...["batch", "policy", "discovery"].map((name) => `api/${name}/v1beta1`),
];

/** Types written by hand in Go, with a form of their own in JSON. */
const special: Readonly<Record<string, string>> = {
  "resource.Quantity": "quantity",
  "intstr.IntOrString": "intOrString",
  "runtime.RawExtension": "raw",
  [`${metaPath}.Time`]: "time",
  [`${metaPath}.MicroTime`]: "time",
  [`${metaPath}.FieldsV1`]: "raw",
  [`${metaPath}.Duration`]: "int",
};

interface Source {
  path: string;
  imports: Map<string, string>;
  structs: Map<string, string>;
  /** `type X []Y`, `type X string` */
  aliases: Map<string, string>;
}

const scalars: Readonly<Record<string, string>> = {
  string: "string",
  bool: "bool",
  int32: "int",
  int64: "int",
  int: "int",
  uint16: "int",
  float64: "double",
  "[]byte": "bytes",
};

function readSource(root: string, path: string): Source {
  const text = readFileSync(join(root, path, "types.go"), "utf8").replaceAll(/\/\/.*$/gm, "");
  const imports = [...text.matchAll(/^\s*(\w+)?\s*"k8s\.io\/([^"]+)"$/gm)].map((match): [string, string] => {
    const target = match[2] ?? "";
    return [match[1] ?? target.split("/").at(-1) ?? "", target];
  });
  const structs = [...text.matchAll(/^type (\w+) struct \{\n(.*?)^\}/gms)].map((match): [string, string] => [
    match[1] ?? "",
    match[2] ?? "",
  ]);
  const aliases = [...text.matchAll(/^type (\w+) ((?:\[\]|map\[)?[\w.[\]]+)$/gm)].map((match): [string, string] => [
    match[1] ?? "",
    match[2] ?? "",
  ]);
  return { path, imports: new Map(imports), structs: new Map(structs), aliases: new Map(aliases) };
}

function fieldsOf(source: Source, body: string, all: ReadonlyMap<string, Source>): Record<string, Field> {
  const fields: Record<string, Field> = {};
  for (const line of body.split("\n")) {
    const match = /^\s*(?:(\w+)\s+)?(\*?[\w.[\]*]+)\s+`([^`]*)`/.exec(line);
    const tags = match?.[3] ?? "";
    const number = /protobuf:"\w+,(\d+)/.exec(tags)?.[1];
    const [json = "", ...options] = (/json:"([^"]*)"/.exec(tags)?.[1] ?? "").split(",");
    if (!match || number === undefined) continue;
    const goType = match[2] ?? "";
    const optional = goType.startsWith("*") || goType.startsWith("[]") || goType.startsWith("map[");
    fields[number] = {
      name: json,
      type: typeOf(source, goType.replace(/^\*/, ""), all),
      ...(options.includes("omitempty") && !optional && { omitZero: true }),
    };
  }
  return fields;
}

function typeOf(source: Source, goType: string, all: ReadonlyMap<string, Source>): string {
  const scalar = scalars[goType];
  if (scalar !== undefined) return scalar;
  if (goType.startsWith("[]")) return `[]${typeOf(source, goType.slice(2).replace(/^\*/, ""), all)}`;
  const map = /^map\[[\w.]+\](.*)$/.exec(goType);
  if (map) return `{}${sliceMessage(source, map[1] ?? "", all)}`;
  return namedType(source, goType, all);
}

/** In maps a named slice is a message with the one field `items`. */
function sliceMessage(source: Source, goType: string, all: ReadonlyMap<string, Source>): string {
  return source.aliases.get(goType) === "[]string" ? "items" : typeOf(source, goType.replace(/^\*/, ""), all);
}

function namedType(source: Source, goType: string, all: ReadonlyMap<string, Source>): string {
  const [left = "", right] = goType.split(".");
  const path = right === undefined ? source.path : (source.imports.get(left) ?? left);
  const name = right ?? left;
  const handMade = special[`${path}.${name}`] ?? special[goType];
  if (handMade !== undefined) return handMade;
  const owner = all.get(path);
  if (!owner) return "string";
  const alias = owner.aliases.get(name);
  if (alias !== undefined) return typeOf(owner, alias, all);
  return owner.structs.has(name) ? `${path}.${name}` : (special[`${path}.${name}`] ?? "string");
}

/** Younger than Debian's sources. */
const younger: FieldTable = {
  "api/authentication/v1.SelfSubjectReview": {
    "1": { name: "metadata", type: `${metaPath}.ObjectMeta`, omitZero: true },
  },
};

function generate(root: string): FieldTable {
  const all = new Map(groups.map((path) => [path, readSource(root, path)]));
  const table: FieldTable = { ...younger };
  for (const source of all.values())
    for (const [name, body] of source.structs) {
      const fields = fieldsOf(source, body, all);
      if (Object.keys(fields).length > 0) table[`${source.path}.${name}`] = fields;
    }
  return table;
}

if (process.argv[1] === import.meta.filename) {
  const lines = Object.entries(generate(process.argv[2] ?? ".")).map(
    ([name, fields]) => `${JSON.stringify(name)}: ${JSON.stringify(fields)}`,
  );
  process.stdout.write(`{\n${lines.join(",\n")}\n}\n`);
}
