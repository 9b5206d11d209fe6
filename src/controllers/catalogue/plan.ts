/**
 * What to do so that the instance types and preferences that come with vmpod are there. Pure.
 *
 *   not there                      ──▶ create
 *   ours, as some version made it  ──▶ replace it by this version's, or remove it where none are wanted
 *   somebody's, or changed by one  ──▶ leave it
 */
import { createHash } from "node:crypto";
import type { MatchedObject } from "../../../api/kubevirt/instancetype/matcher.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import { canonicalJson } from "../../../api/kubevirt/same-json.ts";

export interface CatalogueAction {
  type: "create" | "replace" | "remove";
  object: MatchedObject;
}

export function planCatalogue(
  shipped: readonly MatchedObject[],
  found: readonly MatchedObject[],
  isWanted: boolean,
): CatalogueAction[] {
  const foundByName = new Map(found.map((each) => [each.metadata?.name, each]));
  return shipped.flatMap((each): CatalogueAction[] => {
    const current = foundByName.get(each.metadata?.name);
    if (current === undefined) return isWanted ? [{ type: "create", object: marked(each) }] : [];
    if (!isUntouched(current)) return [];
    if (!isWanted) return [{ type: "remove", object: current }];
    return hashOf(current) === hashOf(each) ? [] : [{ type: "replace", object: replacing(current, each) }];
  });
}

/** Its mark says what it was when it was made. */
function marked(object: MatchedObject): MatchedObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      annotations: { ...metadata?.annotations, [annotations.shippedHash]: hashOf(object) },
      labels: {
        ...metadata?.labels,
        "app.kubernetes.io/component": "kubevirt",
        "app.kubernetes.io/managed-by": "vmpod",
      },
    },
  };
}

/** Labels and annotations that somebody added stay. */
function replacing(current: MatchedObject, object: MatchedObject): MatchedObject {
  const { metadata, ...rest } = marked(object);
  return {
    ...rest,
    metadata: {
      ...current.metadata,
      annotations: { ...current.metadata?.annotations, ...metadata?.annotations },
      labels: { ...current.metadata?.labels, ...metadata?.labels },
    },
  };
}

function isUntouched(object: MatchedObject): boolean {
  return object.metadata?.annotations?.[annotations.shippedHash] === hashOf(object);
}

function hashOf({ spec }: MatchedObject): string {
  return createHash("sha256")
    .update(canonicalJson(spec) ?? "")
    .digest("hex")
    .slice(0, 16);
}
