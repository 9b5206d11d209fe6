/**
 * What a read means by `resourceVersion` and `resourceVersionMatch`:
 *
 *   ""                the newest state             "0"   whatever is at hand
 *   N / NotOlderThan  at least as new as N         Exact the state at N
 */
import { StatusError } from "../../base/errors.ts";
import type { Call } from "./call.ts";

/** Waits until the cache may answer; returns a revision when the state at exactly that one is asked for. */
export async function readRevision(call: Call): Promise<number | undefined> {
  const { cache } = call.api.objects;
  const asked = call.query.get("resourceVersion") ?? "";
  const match = call.query.get("resourceVersionMatch") ?? "";
  if (match !== "" && asked === "")
    throw forbiddenMatch("resourceVersionMatch is forbidden unless resourceVersion is provided");
  if (asked === "") await cache.fresh();
  if (asked === "" || asked === "0") return undefined;
  const revision = parseRevision(asked);
  await notFromTheFuture(call, revision);
  return match === "Exact" ? revision : undefined;
}

async function notFromTheFuture(call: Call, revision: number): Promise<void> {
  const { cache, store } = call.api.objects;
  await cache.fresh();
  if (revision <= store.currentRevision()) return;
  const message = `Too large resource version: ${revision}, current: ${store.currentRevision()}`;
  const cause = { reason: "ResourceVersionTooLarge", message: "Too large resource version" };
  throw new StatusError("Timeout", message, { retryAfterSeconds: 1, causes: [cause] });
}

export function parseRevision(text: string): number {
  const revision = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(revision)) return revision;
  throw new StatusError("BadRequest", `Invalid value: "${text}": resourceVersion must be an unsigned integer`);
}

function forbiddenMatch(message: string): StatusError {
  return new StatusError("Invalid", message, {
    causes: [{ reason: "FieldValueForbidden", message, field: "resourceVersionMatch" }],
  });
}
