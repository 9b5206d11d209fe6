/** The table of protobuf field numbers of Kubernetes' types (`fields.gen.json`). */
import { readFileSync } from "node:fs";

export interface Field {
  /** In JSON; empty: the fields of the message belong to the object itself. */
  name: string;
  /** A scalar, a special form, or the name of another type; `[]T` lists, `{}T` maps. */
  type: string;
  /** Go writes the zero value over the wire, but not into JSON. */
  omitZero?: boolean;
}

/** Type -> field number -> field. */
export type FieldTable = Record<string, Record<string, Field>>;

let table: FieldTable | undefined;

export function messageFields(type: string): Record<string, Field> | undefined {
  table ??= JSON.parse(readFileSync(new URL("fields.gen.json", import.meta.url), "utf8")) as FieldTable;
  return table[type];
}

const meta = "apimachinery/pkg/apis/meta/v1";

/** Where the type of a kind stands; kinds that moved from beta to v1 kept their numbers. */
export function messageOf(apiVersion: string, kind: string): string | undefined {
  const [group = "", version] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
  const short = group.split(".")[0] ?? "";
  const known = [`${meta}.${kind}`, `api/${short}/${version ?? ""}.${kind}`, `api/${short}/v1beta1.${kind}`];
  return known.find((type) => messageFields(type) !== undefined && (type !== known[0] || shared.has(kind)));
}

/** Kinds that belong to every group. */
const shared = new Set(["DeleteOptions", "Status", "CreateOptions", "UpdateOptions", "PatchOptions"]);
