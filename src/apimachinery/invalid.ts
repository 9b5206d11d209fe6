import type { Resource } from "../../api/meta.ts";
import { type StatusCause, StatusError } from "../base/errors.ts";

/** The 422 answer for an object with bad fields, worded as Kubernetes words it. */
export function invalidObject(
  resource: Pick<Resource, "group" | "kind">,
  name: string,
  causes: readonly StatusCause[],
): StatusError {
  const { group, kind } = resource;
  const qualified = group === "" ? kind : `${kind}.${group}`;
  const reasons = causes.map(({ field, message }) => `${field === "" ? "<nil>" : field}: ${message}`);
  const text = reasons.length === 1 ? reasons[0] : `[${reasons.join(", ")}]`;
  const message = `${qualified} ${JSON.stringify(name)} is invalid: ${text}`;
  return new StatusError("Invalid", message, { name, group, kind, causes: [...causes] });
}
