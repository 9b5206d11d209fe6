/** `allOf`, `anyOf`, `oneOf` and `not`: in structural schemas they only add checks, never fields. */
import type { StatusCause } from "../../base/errors.ts";
import { invalid } from "./cause.ts";
import type { Schema } from "./schema.ts";
import { validateObject, type ValidateOptions } from "./validate.ts";

export function validateCombinations(
  schema: Schema,
  value: unknown,
  options: ValidateOptions,
  path: string,
): StatusCause[] {
  const check = (branch: Schema) => validateObject(branch, value, options, path);
  const refuse = (detail: string) => invalid(path, summary(value), `"${path}" ${detail}`);
  const causes: StatusCause[] = [];
  const { allOf, anyOf, oneOf, not } = schema;
  if (allOf) causes.push(...allOf.flatMap(check));
  if (anyOf) {
    const results = anyOf.map(check);
    if (!results.some(isEmpty)) causes.push(refuse("must validate at least one schema (anyOf)"), ...closest(results));
  }
  if (oneOf) {
    const results = oneOf.map(check);
    const valid = results.filter(isEmpty).length;
    const found = valid === 0 ? "none" : String(valid);
    if (valid !== 1) causes.push(refuse(`must validate one and only one schema (oneOf). Found ${found} valid`));
    if (valid === 0) causes.push(...closest(results));
  }
  if (not && isEmpty(check(not))) causes.push(refuse("must not validate the schema (not)"));
  return causes;
}

function isEmpty(causes: readonly StatusCause[]): boolean {
  return causes.length === 0;
}

/** The complaints of the branch that was nearest to being met. */
function closest(results: StatusCause[][]): StatusCause[] {
  return results.reduce((best, causes) => (causes.length < best.length ? causes : best), results[0] ?? []);
}

/** Objects are printed as nothing, as upstream does. */
function summary(value: unknown): unknown {
  return typeof value === "object" ? "" : value;
}
