/** Reads the small option objects that PUTs carry; the body may be absent. */
import { StatusError } from "../../base/errors.ts";
import type { SubresourceRequest } from "./context.ts";

function field(body: unknown, name: string): unknown {
  if (body === undefined || body === null) return undefined;
  if (typeof body !== "object" || Array.isArray(body))
    throw new StatusError("BadRequest", "the request's body must be a JSON object");
  return (body as Record<string, unknown>)[name] ?? undefined;
}

export function isSet(body: unknown, name: string): boolean {
  return field(body, name) === true;
}

export function flagOption(body: unknown, name: string): boolean | undefined {
  const value = field(body, name);
  if (value === undefined || typeof value === "boolean") return value;
  throw new StatusError("BadRequest", `${name}: ${JSON.stringify(value)} must be true or false`);
}

export function objectOption(body: unknown, name: string): object | undefined {
  const value = field(body, name);
  if (value === undefined) return undefined;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new StatusError("BadRequest", `${name}: ${JSON.stringify(value)} must be an object`);
}

export function textOption(body: unknown, name: string): string | undefined {
  const value = field(body, name);
  if (value === undefined || typeof value === "string") return value;
  throw new StatusError("BadRequest", `${name}: ${JSON.stringify(value)} must be a text`);
}

export function integerOption(body: unknown, name: string): number | undefined {
  const value = field(body, name);
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new StatusError("BadRequest", `${name}: ${JSON.stringify(value)} must be a whole number`);
}

export function textMapOption(body: unknown, name: string): Record<string, string> | undefined {
  const value = field(body, name);
  if (value === undefined) return undefined;
  const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
  if (isMap && Object.values(value).every((each) => typeof each === "string")) return value as Record<string, string>;
  throw new StatusError("BadRequest", `${name}: ${JSON.stringify(value)} must be a map of texts`);
}

export function isDryRun({ body, query }: Pick<SubresourceRequest, "body" | "query">): boolean {
  const wanted = field(body, "dryRun");
  if (Array.isArray(wanted) && wanted.includes("All")) return true;
  return new URLSearchParams(query).getAll("dryRun").includes("All");
}
