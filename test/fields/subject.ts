/** A kind whose fields are sorted, and what the API says of a manifest of it. */
import type { KubeObject, Resource } from "../../api/meta.ts";
import type { InProcessApi } from "../admission/in-process.ts";
import type { Inert } from "./inert.ts";
import type { Grounds } from "./place.ts";
import type { Field } from "./schema-fields.ts";
import type { Try } from "./sort-field.ts";

export interface Subject {
  kind: string;
  fields: readonly Field[];
  grounds: Grounds;
  attempt: Try;
  inert: readonly Inert[];
}

export const subjectName = "a";

/** What the API says of a manifest, and if it takes it what is done about it. */
export function admitted<T extends KubeObject>(
  api: InProcessApi,
  resource: Resource<T>,
  outcomeOf: (object: T) => string | Promise<string>,
): Try {
  return async (spec) => {
    const verdict = await api.create(resource, { metadata: { name: subjectName }, spec: structuredClone(spec) });
    if (!("refusal" in verdict)) return { does: await outcomeOf(verdict.object) };
    const { causes } = verdict.refusal.details ?? {};
    if (causes === undefined) throw verdict.refusal;
    return { causes: causes.map((cause) => ({ ...cause, field: withoutPrefix(cause.field) })) };
  };
}

export function withoutPrefix(field = ""): string {
  return field.replace(/^spec\.(configuration\.)?/, "");
}
