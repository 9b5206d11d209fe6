/** From a request body to an object of the kind and place that the path names. */
import type { KubeObject } from "../../../api/meta.ts";
import { StatusError } from "../../base/errors.ts";
import { readDocument } from "../http/body.ts";
import { groupVersion, type Json, type ServedKind } from "../registry/kind.ts";
import type { Call, Operation } from "./call.ts";
import { report } from "./check-fields.ts";

export async function decodeObject(call: Call): Promise<KubeObject> {
  const { value, duplicates } = await readDocument(call.request);
  report(
    call,
    duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
  );
  return placed(call, asObject(value));
}

/** The body as a JSON object of whatever kind. */
export async function readJson(call: Pick<Call, "request">): Promise<object> {
  return asObject((await readDocument(call.request)).value);
}

function asObject(body: unknown): object {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new StatusError("BadRequest", "the body of the request must be an API object");
  return body;
}

/** Checks apiVersion, kind, namespace and name against the path and fills in what the client left out. */
export function placed(call: Operation, object: KubeObject): KubeObject {
  const { kind, path } = call;
  const apiVersion = groupVersion(kind);
  refuseUnreadable(kind, object);
  if ((object.kind ?? kind.kind) !== kind.kind || (object.apiVersion ?? apiVersion) !== apiVersion)
    throw new StatusError(
      "BadRequest",
      `${object.kind ?? ""} in version "${object.apiVersion ?? ""}" cannot be handled as a ${kind.kind} of ${apiVersion}`,
    );
  const { metadata: given, ...rest } = object;
  const metadata = given ?? {};
  if (kind.namespaced) metadata.namespace = sameOrEmpty("namespace", metadata.namespace, path.namespace);
  else delete metadata.namespace;
  if (path.name !== undefined) metadata.name = sameOrEmpty("name", metadata.name, path.name);
  return { ...rest, apiVersion, kind: kind.kind, metadata };
}

const metadataTexts = [
  "name",
  "namespace",
  "generateName",
  "uid",
  "resourceVersion",
  "creationTimestamp",
  "deletionTimestamp",
] as const;

/** What is read before the schema is asked; null counts as absent. */
function refuseUnreadable(kind: ServedKind, object: KubeObject): void {
  const metadata = (object.metadata ?? {}) as Json;
  if (typeof metadata !== "object" || Array.isArray(metadata))
    throw unreadable(kind, "metadata", metadata, "ObjectMeta");
  const texts: [field: string, value: unknown][] = [
    ["apiVersion", object.apiVersion],
    ["kind", object.kind],
    ...metadataTexts.map((name): [string, unknown] => [`metadata.${name}`, metadata[name]]),
  ];
  for (const [field, value] of texts)
    if (typeof (value ?? "") !== "string") throw unreadable(kind, field, value, "string");
  for (const field of ["labels", "annotations"])
    if (!isMap(metadata[field] ?? {}))
      throw unreadable(kind, `metadata.${field}`, metadata[field], "map[string]string");
  for (const field of ["finalizers", "ownerReferences", "managedFields"])
    if (!Array.isArray(metadata[field] ?? [])) throw unreadable(kind, `metadata.${field}`, metadata[field], "list");
}

function isMap(value: unknown): boolean {
  return typeof value === "object" && !Array.isArray(value);
}

/** As Go's decoder says it. */
function unreadable({ kind, version }: ServedKind, field: string, value: unknown, type: string): StatusError {
  const found = Array.isArray(value) ? "array" : typeof value;
  const detail = `json: cannot unmarshal ${found} into Go struct field .${field} of type ${type}`;
  return new StatusError("BadRequest", `${kind} in version "${version}" cannot be handled as a ${kind}: ${detail}`);
}

function sameOrEmpty(what: "name" | "namespace", given: string | undefined, fromPath: string | undefined): string {
  if (given === undefined || given === "" || given === fromPath) return fromPath ?? "";
  const message = `the ${what} of the provided object does not match the ${what} sent on the request (${given}, ${fromPath ?? ""})`;
  throw new StatusError("BadRequest", message);
}
