/** One entry for the three kinds of patch that compute the new object from the current one alone. */
import type { Schema } from "../schema/schema.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";
import { strategicMergePatch } from "./strategic-merge-patch.ts";

export interface PatchRequest {
  type: "json" | "merge" | "strategic";
  current: unknown;
  /** The decoded body of the request. */
  patch: unknown;
  /** Strategic merge patch only: which lists merge, and by which key. */
  schema: Schema;
}

/** Returns the patched object; changes neither `current` nor `patch`. @throws StatusError BadRequest, Invalid */
export function applyPatch({ type, current, patch, schema }: PatchRequest): unknown {
  switch (type) {
    case "json":
      return applyJsonPatch(current, patch);
    case "merge":
      return mergePatch(current, patch);
    default:
      return strategicMergePatch(schema, current, patch);
  }
}
