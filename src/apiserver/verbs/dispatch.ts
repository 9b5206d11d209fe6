/** From a verb to the function that does it. */
import { StatusError } from "../../base/errors.ts";
import { noSuchResource } from "../../http/answer.ts";
import { subresourceVerb } from "../subresources/table.ts";
import type { Call } from "./call.ts";
import { createFromRequest } from "./create.ts";
import { deleteFromRequest } from "./delete.ts";
import { deleteCollection } from "./delete-collection.ts";
import { getObject } from "./get.ts";
import { listObjects } from "./list.ts";
import { patchFromRequest } from "./patch.ts";
import { updateFromRequest } from "./update.ts";
import { watchObjects } from "./watch.ts";

const verbs: Record<string, (call: Call) => Promise<void>> = {
  create: createFromRequest,
  delete: deleteFromRequest,
  deletecollection: deleteCollection,
  get: getObject,
  list: listObjects,
  patch: patchFromRequest,
  update: updateFromRequest,
  watch: watchObjects,
};

const statusVerbs = new Set(["get", "patch", "update"]);

export async function runVerb(verb: string, call: Call): Promise<void> {
  const special = call.path.subresource === "" ? undefined : subresourceVerb(verb, call);
  const run = special ?? (isServed(verb, call) ? verbs[verb] : undefined);
  if (!run) throw notAllowed(call);
  await run(call);
}

function isServed(verb: string, { kind, path }: Call): boolean {
  if (path.subresource === "status") return kind.statusSubresource && statusVerbs.has(verb);
  // A POST names no object.
  if (verb === "create" && path.name !== undefined) return false;
  return path.subresource === "" && kind.verbs.some((each) => each === verb);
}

function notAllowed({ kind, path }: Call): StatusError {
  if (path.subresource !== "" && !(path.subresource === "status" && kind.statusSubresource)) return noSuchResource();
  return new StatusError("MethodNotAllowed", "the server does not allow this method on the requested resource");
}
