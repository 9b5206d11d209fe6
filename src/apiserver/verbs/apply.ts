/** Server-side apply: PATCH with `application/apply-patch+yaml`; creates what does not exist. */
import type { KubeObject } from "../../../api/meta.ts";
import { serverSideApply } from "../../apimachinery/apply/server-side-apply.ts";
import { canonicalizeQuantities } from "../../apimachinery/schema/canonical-quantity.ts";
import { pruneObject } from "../../apimachinery/schema/prune.ts";
import { isStatus, StatusError } from "../../base/errors.ts";
import { type Call, nameIn } from "./call.ts";
import { report } from "./check-fields.ts";
import { createObject } from "./create.ts";
import { placed } from "./decode.ts";
import { now } from "./new-meta.ts";
import { showEntry } from "./show.ts";
import { updateObject } from "./update.ts";

export async function applyFromRequest(request: Call, patch: unknown): Promise<void> {
  const call: Call = { ...request, applies: true };
  const applied = checked(call, patch);
  try {
    const entry = await updateObject(call, (current) => merged(call, applied, current));
    showEntry(call, 200, entry);
  } catch (error) {
    if (!isStatus(error, "NotFound") || call.path.subresource !== "" || applied.metadata?.uid) throw error;
    showEntry(call, 201, await createObject(call, merged(call, applied, undefined)));
  }
}

function checked(call: Call, patch: unknown): KubeObject {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch))
    throw new StatusError("BadRequest", "the body of an apply must be an API object");
  const applied = placed(call, structuredClone(patch));
  if (!call.query.get("fieldManager")) throw badOption("fieldManager", "Required value: is required for apply patch");
  if ((applied.metadata?.managedFields ?? []).length > 0)
    throw new StatusError("BadRequest", "metadata.managedFields must be nil");
  if (applied.metadata) delete applied.metadata.managedFields;
  const { schema, custom } = call.kind;
  const unknown = schema ? pruneObject(schema, applied, { dropNulls: !custom }) : [];
  if (schema && !custom) canonicalizeQuantities(schema, applied);
  report(
    call,
    unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
  );
  return { ...withoutForeignHalf(call, applied), metadata: { ...applied.metadata, name: nameIn(call) } };
}

/** What this path does not write is not applied, so it is not owned either. */
function withoutForeignHalf({ kind, path }: Call, applied: KubeObject): KubeObject {
  if (!kind.statusSubresource) return applied;
  const foreign = path.subresource === "status" ? "spec" : "status";
  const { [foreign]: _foreign, ...rest } = applied as KubeObject & Record<string, unknown>;
  return rest;
}

function merged(call: Call, applied: KubeObject, live: KubeObject | undefined): KubeObject {
  return serverSideApply({
    live,
    applied,
    manager: call.fieldManager,
    force: call.query.get("force") === "true",
    schema: call.kind.schema ?? {},
    subresource: call.path.subresource,
    now: now(),
  });
}

function badOption(field: string, message: string): StatusError {
  const causes = [{ reason: "FieldValueRequired", field, message }];
  return new StatusError("Invalid", `PatchOptions.meta.k8s.io "" is invalid: ${field}: ${message}`, {
    kind: "PatchOptions",
    group: "meta.k8s.io",
    causes,
  });
}
