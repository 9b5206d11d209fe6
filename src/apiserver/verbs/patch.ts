/** PATCH: JSON patch, merge patch, strategic merge patch and server-side apply, by content type. */
import type { KubeObject } from "../../../api/meta.ts";
import { applyPatch, type PatchRequest } from "../../apimachinery/patch/apply-patch.ts";
import { StatusError } from "../../base/errors.ts";
import { contentTypeOf, parseBody, readBody } from "../http/body.ts";
import type { Call } from "./call.ts";
import { applyFromRequest } from "./apply.ts";
import { placed } from "./decode.ts";
import { showEntry } from "./show.ts";
import { updateObject } from "./update.ts";

const patchTypes: Record<string, PatchRequest["type"]> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
};

export const applyContentType = "application/apply-patch+yaml";

export async function patchFromRequest(call: Call): Promise<void> {
  const contentType = contentTypeOf(call.request);
  const patch = parseBody(
    contentType === applyContentType ? "application/yaml" : contentType,
    await readBody(call.request),
  );
  if (contentType === applyContentType) return applyFromRequest(call, patch);
  const type = patchTypes[contentType];
  const schema = call.kind.schema ?? {};
  if (type === undefined || (type === "strategic" && call.kind.custom))
    throw unsupported(contentType, call.kind.custom);
  const entry = await updateObject(call, (current) =>
    placed(call, applyPatch({ type, current, patch, schema }) as KubeObject),
  );
  showEntry(call, 200, entry);
}

/** What a patch of a subresource makes of it. @throws StatusError for server-side apply, too */
export async function subresourcePatch(
  call: Call,
  schema: PatchRequest["schema"],
): Promise<(current: KubeObject) => KubeObject> {
  const contentType = contentTypeOf(call.request);
  const type = patchTypes[contentType];
  const patch = parseBody(contentType, await readBody(call.request));
  if (type === undefined) {
    const message = `the patch type ${contentType} is not supported for ${call.path.subresource}`;
    throw new StatusError("UnsupportedMediaType", message);
  }
  return (current) => applyPatch({ type, current, patch, schema }) as KubeObject;
}

function unsupported(contentType: string, custom: boolean): StatusError {
  const types = Object.keys(patchTypes).filter((type) => !custom || patchTypes[type] !== "strategic");
  const accepted = [...types, applyContentType].join(", ");
  return new StatusError(
    "UnsupportedMediaType",
    `the body of the request was in an unknown format (${contentType}) - accepted media types include: ${accepted}`,
  );
}
