/** Brings objects into the cluster by server-side apply: what others set, e.g. a `caBundle`, stays theirs. */
import { customResourceDefinitions } from "../../../api/apiextensions.ts";
import { apiServices } from "../../../api/apiregistration.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import { messageOf, StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { keyOf, objectPath } from "../../client/paths.ts";
import { nameOf, resourceOf } from "./kinds.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";

export const fieldManager = "vmpod-install";

export async function applyObject(client: Client, object: KubeObject, signal?: AbortSignal): Promise<Outcome> {
  const before = await (isLarge(object) ? metadataIfThere(client, object, signal) : getIfThere(client, object));
  try {
    const after = await write(client, object, before !== undefined, signal);
    return outcomeOf(before, after);
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

/** Its generation tells all that one needs to know. */
function isLarge({ kind }: KubeObject): boolean {
  return kind === customResourceDefinitions.kind;
}

function metadataIfThere(client: Client, object: KubeObject, signal?: AbortSignal): Promise<KubeObject | undefined> {
  const path = objectPath(resourceOf(object), keyOf(object));
  return unlessNotFound(
    client.request<KubeObject>("GET", path, undefined, { headers: { accept: metadataOnly }, signal }),
  );
}

export function getIfThere<T extends KubeObject>(client: Client, object: T): Promise<T | undefined> {
  return unlessNotFound(client.get(resourceOf(object) as Resource<T>, keyOf(object)));
}
