import type { KubeObject, Resource } from "../../api/meta.ts";
import { InvariantError, StatusError } from "../base/errors.ts";
import type { CallOptions, ObjectKey } from "./client.ts";

export type Query = Record<string, string | number | boolean | undefined>;

/** `/api/v1/namespaces/NS/pods` or `/apis/GROUP/VERSION/...`; all namespaces when none is given. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${scope}/${resource.plural}`;
}

export function objectPath(resource: Resource, key: ObjectKey, subresource?: string): string {
  if (!key.name) throw new InvariantError(`${resource.kind}: a request for one object needs metadata.name`);
  if (key.name === "." || key.name === "..")
    throw new StatusError("BadRequest", `${resource.kind} "${key.name}": no object can have this name`);
  if (resource.namespaced && !key.namespace) {
    throw new InvariantError(`${resource.kind} ${key.name}: the kind is namespaced, metadata.namespace is missing`);
  }
  const path = `${collectionPath(resource, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource ? `${path}/${subresource}` : path;
}

export function keyOf(object: KubeObject): ObjectKey {
  return { namespace: object.metadata?.namespace, name: object.metadata?.name ?? "" };
}

export function withQuery(path: string, query: Query): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  if (entries.length === 0) return path;
  const search = new URLSearchParams();
  for (const [name, value] of entries) search.set(name, String(value));
  return `${path}${path.includes("?") ? "&" : "?"}${search.toString()}`;
}

export function writeQuery(options: CallOptions): Query {
  return { fieldManager: options.fieldManager, dryRun: options.dryRun ? "All" : undefined };
}
