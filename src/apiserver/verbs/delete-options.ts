/** `DeleteOptions` from the body or the query. */
import { StatusError } from "../../base/errors.ts";
import { readDocument } from "../http/body.ts";
import { field } from "../registry/field.ts";
import type { Call, Operation } from "./call.ts";

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Orphan" | "Background" | "Foreground";
  uid?: string;
  resourceVersion?: string;
}

const policies = ["Foreground", "Background", "Orphan"] as const;

export async function readDeleteOptions(call: Call): Promise<DeleteOptions> {
  return optionsOf(call, (await readDocument(call.request)).value ?? {});
}

export function optionsOf(call: Operation, body: unknown): DeleteOptions {
  const { query } = call;
  // Clients repeat dryRun in the body.
  const dryRun = field(body, "dryRun");
  if (Array.isArray(dryRun) && dryRun.includes("All")) call.dryRun = true;
  const grace = field(body, "gracePeriodSeconds") ?? query.get("gracePeriodSeconds") ?? undefined;
  return {
    gracePeriodSeconds: grace === undefined ? undefined : wholeSeconds(grace),
    propagationPolicy: policyOf(body, query),
    uid: textOrNothing(field(body, "preconditions", "uid")),
    resourceVersion: textOrNothing(field(body, "preconditions", "resourceVersion")),
  };
}

function wholeSeconds(value: unknown): number {
  const seconds = Number(value);
  if (Number.isInteger(seconds) && seconds >= 0) return seconds;
  throw refusal("gracePeriodSeconds", value, "must be a whole number of at least 0");
}

function policyOf(body: unknown, query: URLSearchParams): DeleteOptions["propagationPolicy"] {
  const legacyOrphan = field(body, "orphanDependents") ?? (query.get("orphanDependents") === "true" ? true : undefined);
  if (legacyOrphan !== undefined) return legacyOrphan === true ? "Orphan" : "Background";
  const policy = field(body, "propagationPolicy") ?? query.get("propagationPolicy") ?? undefined;
  if (policy === undefined) return undefined;
  if (policies.some((each) => each === policy)) return policy as DeleteOptions["propagationPolicy"];
  throw refusal("propagationPolicy", policy, `supported values: ${policies.join(", ")}`);
}

function refusal(what: string, value: unknown, why: string): StatusError {
  return new StatusError("Invalid", `DeleteOptions ${what}: Invalid value: ${JSON.stringify(value)}: ${why}`);
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
