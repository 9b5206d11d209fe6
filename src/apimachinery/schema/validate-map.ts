/** How many fields an object may have. */
import type { StatusCause } from "../../base/errors.ts";
import { invalid, tooMany } from "./cause.ts";
import type { JsonObject, Schema } from "./schema.ts";

export function validateMap(schema: Schema, object: JsonObject, path: string): StatusCause[] {
  const { minProperties, maxProperties } = schema;
  if (minProperties === undefined && maxProperties === undefined) return [];
  const size = Object.keys(object).length;
  const causes: StatusCause[] = [];
  if (minProperties !== undefined && size < minProperties)
    causes.push(invalid(path, size, `${path} in body should have at least ${minProperties} properties`));
  if (maxProperties !== undefined && size > maxProperties) causes.push(tooMany(path, size, maxProperties));
  return causes;
}
