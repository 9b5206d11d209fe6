/**
 * No field is silently ignored: each one of the whole schema is consumed by the product, or refused by name, or listed with the reason why
 * it may be ignored (./inert.ts). None of the first two is listed anywhere; they are found by trying each field (./sort-field.ts).
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startInProcessApi } from "../admission/in-process.ts";
import { placesOf } from "./place.ts";
import type { Outcome } from "./sort-field.ts";
import { sortFields, type SortedKind } from "./sort-fields.ts";
import { machineInstances, subjects, templates } from "./subjects.ts";
import { valuesOf } from "./values.ts";

const sorted: SortedKind[] = [];
for (const subject of await subjects()) {
  test(`${subject.kind}: every field is consumed, refused or inert for a reason`, async () => {
    const result = await sortFields(subject);
    sorted.push(result);
    const open = result.fields.filter(({ verdict }) => verdict === "ignored" || verdict === "unproven");
    assert.deepEqual(
      open.map(({ path, verdict, because }) => `${path} is ${verdict}: ${because}`),
      [],
    );
    assert.deepEqual(
      result.stale.map(({ path, items = [] }) => `${path} ${items.join(", ")}`.trim()),
      [],
      "listed as inert, but not found to be",
    );
  });
}

test("a VirtualMachine's template is refused for what its instance would be, and else handed on as it is", async () => {
  const api = await startInProcessApi();
  const [template, instance] = [templates(api), machineInstances(api)];
  for (const { path, schema } of instance.fields.filter(({ isContainer }) => !isContainer)) {
    const [place] = placesOf(path, instance.grounds);
    const [value] = valuesOf(path, schema, instance.grounds.values);
    const spec = place?.with(value) ?? {};
    const [inTemplate, alone] = [await template.attempt(spec), await instance.attempt(spec)];
    const wrong = (outcome: Outcome) => ("causes" in outcome ? outcome.causes : []);
    assert.deepEqual(wrong(inTemplate), wrong(alone), path);
    if ("does" in inTemplate) assert.ok(isPartOf(spec, JSON.parse(inTemplate.does)), path);
  }
});

/** Defaults may have come. */
function isPartOf(part: unknown, whole: unknown): boolean {
  if (typeof part !== "object" || part === null) return part === whole;
  const fields = (whole ?? {}) as Record<string, unknown>;
  return Object.entries(part).every(([name, value]) => isPartOf(value, fields[name]));
}

after(() => {
  for (const { kind, fields } of sorted) {
    const count = (wanted: string) => fields.filter(({ verdict }) => verdict === wanted).length;
    console.log(`${kind}: ${count("consumed")} consumed, ${count("refused")} refused, ${count("inert")} inert`);
  }
});
