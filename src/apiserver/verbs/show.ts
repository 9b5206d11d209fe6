/** Answers with an object, or as the Table or metadata that the client asked for. */
import type { KubeObject } from "../../../api/meta.ts";
import { StatusError } from "../../base/errors.ts";
import { type Accepted, acceptedView } from "../../http/accept.ts";
import { answerJson, answerText, warn } from "../../http/answer.ts";
import type { Entry } from "../storage/entry.ts";
import { type IncludeObject, partialOf, tableOf } from "../table/table.ts";
import type { Call } from "./call.ts";
import { servedJson, servedObject } from "./served.ts";

export function viewOf(call: Call): Accepted {
  const accepted = acceptedView(call.request.headers.accept);
  if (accepted) return accepted;
  const message = "only the following media types are accepted: application/json";
  throw new StatusError("NotAcceptable", message);
}

export function includeObjectOf(call: Call): IncludeObject {
  const asked = call.query.get("includeObject");
  return asked === "Object" || asked === "None" ? asked : "Metadata";
}

export function showEntry(call: Call, code: number, entry: Entry): void {
  const { view } = viewOf(call);
  warn(call.response, call.warnings);
  if (view === "object") answerText(call.response, code, servedJson(call.kind, entry), "application/json");
  else showView(call, code, servedObject(call.kind, entry));
}

/** For answers that are not stored as they are: dry-run results, scales, reviews. */
export function showObject(call: Call, code: number, object: KubeObject): void {
  warn(call.response, call.warnings);
  if (viewOf(call).view === "object") answerJson(call.response, code, object);
  else showView(call, code, object);
}

function showView(call: Call, code: number, object: KubeObject): void {
  const { view, version } = viewOf(call);
  const meta = { resourceVersion: object.metadata?.resourceVersion ?? "" };
  const options = { version, includeObject: includeObjectOf(call), header: true };
  const body = view === "table" ? tableOf(call.kind.columns, [object], meta, options) : partialOf(object, version);
  answerJson(call.response, code, body);
}
