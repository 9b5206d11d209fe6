/** DELETE of a collection: every selected object, one after the other. */
import { isStatus } from "../../base/errors.ts";
import { answerText } from "../../http/answer.ts";
import { groupVersion } from "../registry/kind.ts";
import type { Entry } from "../storage/entry.ts";
import type { Call } from "./call.ts";
import { deleteObject } from "./delete.ts";
import { readDeleteOptions } from "./delete-options.ts";
import { selectorOf } from "./selector.ts";
import { servedJson } from "./served.ts";

export async function deleteCollection(call: Call): Promise<void> {
  const selects = selectorOf(call.kind, call.query);
  const options = await readDeleteOptions(call);
  const entries = await call.api.objects.list(call.kind, call.path.namespace);
  const chosen = entries.filter((entry) => selects === undefined || selects(entry.object));
  const deleted: Entry[] = [];
  for (const entry of chosen) {
    const path = { ...call.path, namespace: entry.object.metadata?.namespace };
    const done = await deleteUnlessGone({ ...call, path }, entry.object.metadata?.name ?? "", options);
    if (done) deleted.push(done);
  }
  const apiVersion = groupVersion(call.kind);
  const items = deleted.map((entry) => servedJson(call.kind, entry)).join(",");
  const metadata = JSON.stringify({ resourceVersion: `${call.api.objects.cache.revision}` });
  answerText(
    call.response,
    200,
    `{"kind":"${call.kind.listKind}","apiVersion":"${apiVersion}","metadata":${metadata},"items":[${items}]}`,
    "application/json",
  );
}

async function deleteUnlessGone(call: Call, name: string, options: Parameters<typeof deleteObject>[2]) {
  try {
    return (await deleteObject(call, name, options)).entry;
  } catch (error) {
    if (isStatus(error, "NotFound")) return undefined;
    throw error;
  }
}
