/**
 * What the schema says of an object before anything else looks at it: unknown fields are dropped (and refused
 * or warned of, as `fieldValidation` asks), missing ones get their defaults.
 */
import type { KubeObject } from "../../../api/meta.ts";
import { canonicalizeQuantities } from "../../apimachinery/schema/canonical-quantity.ts";
import { defaultObject } from "../../apimachinery/schema/default.ts";
import { pruneObject } from "../../apimachinery/schema/prune.ts";
import { validateObject } from "../../apimachinery/schema/validate.ts";
import { type StatusCause, StatusError } from "../../base/errors.ts";
import type { ServedKind } from "../registry/kind.ts";
import type { Operation } from "./call.ts";

/** Changes the object in place. @throws StatusError BadRequest for unknown fields under Strict */
export function conform(call: Operation, object: KubeObject): void {
  const { schema, custom } = call.kind;
  if (!schema) return;
  const unknown = pruneObject(schema, object, { dropNulls: !custom });
  report(
    call,
    unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
  );
  defaultObject(schema, object);
  if (!custom) canonicalizeQuantities(schema, object);
}

/** What strict validation makes an error and the default a warning. */
export function report(call: Operation, problems: readonly string[]): void {
  if (problems.length === 0) return;
  const mode = call.query.get("fieldValidation") || "Warn";
  if (mode === "Ignore") return;
  if (mode === "Warn") return void call.warnings.push(...problems);
  const { kind } = call;
  const detail = `strict decoding error: ${problems.join(", ")}`;
  const message = kind.custom
    ? detail
    : `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${detail}`;
  throw new StatusError("BadRequest", message);
}

export function schemaCauses(kind: ServedKind, object: KubeObject): StatusCause[] {
  return kind.schema ? validateObject(kind.schema, object, { builtin: !kind.custom }) : [];
}
