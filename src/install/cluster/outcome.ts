/** What an apply came to, for people. Pure. */
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import type { KubeObject } from "../../../api/meta.ts";

export type Outcome = "created" | "changed" | "unchanged";

/**
 * A status that somebody wrote in between is no change of ours, nor is it one when only the record of who owns what differs.
 * @param before perhaps only its metadata
 */
export function outcomeOf(before: KubeObject | undefined, after: KubeObject): Outcome {
  if (before === undefined) return "created";
  const isSame =
    before.metadata?.generation === undefined
      ? sameJson(contentOf(before), contentOf(after))
      : sameJson(metadataOf(before), metadataOf(after));
  return isSame ? "unchanged" : "changed";
}

function contentOf(object: KubeObject & { status?: unknown }): unknown {
  const { status: _status, apiVersion: _apiVersion, kind: _kind, ...content } = object;
  return { ...content, metadata: metadataOf(object) };
}

/** With the generation, which counts the changes of all else. */
function metadataOf({ metadata }: KubeObject): unknown {
  const { resourceVersion: _resourceVersion, managedFields: _managedFields, ...rest } = metadata ?? {};
  return rest;
}
