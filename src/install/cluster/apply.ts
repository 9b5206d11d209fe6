/** Brings objects into the cluster by server-side apply: what others set, e.g. a `caBundle`, stays theirs. */
import { apiServices } from "../../../api/apiregistration.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import { isStatus, messageOf, StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { keyOf, objectPath } from "../../client/paths.ts";
import { nameOf, resourceOf } from "./kinds.ts";

export const fieldManager = "vmpod-install";

export type Outcome = "created" | "changed" | "unchanged";

export async function applyObject(client: Client, object: KubeObject, signal?: AbortSignal): Promise<Outcome> {
  const before = await metadataIfThere(client, object, signal);
  try {
    const after = await write(client, object, before !== undefined, signal);
    if (before === undefined) return "created";
    return before.metadata?.resourceVersion === after.metadata?.resourceVersion ? "unchanged" : "changed";
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw new StatusError(error.reason, `applying ${nameOf(object)}: ${messageOf(error)}`, error.details, error.code);
  }
}

/** Kubernetes 1.20 breaks off every server-side apply of one. All that may be in it of others is a `caBundle`, which a merge keeps. */
const merged: readonly Resource[] = [apiServices];

function write(client: Client, object: KubeObject, isThere: boolean, signal?: AbortSignal): Promise<KubeObject> {
  const resource = resourceOf(object);
  const options = { fieldManager, signal };
  if (!merged.includes(resource)) {
    return client.patch(resource, keyOf(object), { type: "apply", body: object }, { ...options, force: true });
  }
  if (!isThere) return client.create(resource, object, options);
  return client.patch(resource, keyOf(object), { type: "merge", body: object }, options);
}

const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

/** Of a large object no more than is compared. */
function metadataIfThere(client: Client, object: KubeObject, signal?: AbortSignal): Promise<KubeObject | undefined> {
  const path = objectPath(resourceOf(object), keyOf(object));
  return unlessNotFound(
    client.request<KubeObject>("GET", path, undefined, { headers: { accept: metadataOnly }, signal }),
  );
}

export function getIfThere<T extends KubeObject>(client: Client, object: T): Promise<T | undefined> {
  return unlessNotFound(client.get(resourceOf(object) as Resource<T>, keyOf(object)));
}

async function unlessNotFound<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}
