/** JSON patch (RFC 6902). */
import jsonPatch, { type Operation } from "fast-json-patch";
import { StatusError } from "../../base/errors.ts";

/**
 * Returns the patched value; changes neither argument.
 * @throws StatusError BadRequest for a malformed patch, Invalid when it does not fit the object
 */
export function applyJsonPatch(current: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw new StatusError("BadRequest", "json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  try {
    return jsonPatch.applyPatch(structuredClone(current), structuredClone(patch) as Operation[], true).newDocument;
  } catch (error) {
    if (error instanceof jsonPatch.JsonPatchError) throw refuse(error);
    throw error;
  }
}

function refuse(error: InstanceType<typeof jsonPatch.JsonPatchError>): StatusError {
  const operation = error.operation as Operation | undefined;
  const subject = operation === undefined ? "" : ` (operation ${error.index}: ${operation.op} ${operation.path})`;
  const summary = error.message.split("\n", 1)[0];
  return new StatusError(
    "Invalid",
    `the server rejected our request due to an error in our request: ${summary}${subject}`,
  );
}
