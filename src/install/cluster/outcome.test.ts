import assert from "node:assert/strict";
import { test } from "node:test";
import { outcomeOf } from "./outcome.ts";

const metadata = { name: "a", resourceVersion: "1", labels: { a: "b" } };

const cases: [what: string, before: object | undefined, after: object, outcome: string][] = [
  ["nothing before", undefined, { metadata }, "created"],
  ["the same", { metadata, data: { a: "1" } }, { metadata, data: { a: "1" } }, "unchanged"],
  ["other content", { metadata, data: { a: "1" } }, { metadata, data: { a: "2" } }, "changed"],
  [
    "a status in between",
    { metadata, spec: {} },
    { metadata: { ...metadata, resourceVersion: "2" }, spec: {}, status: { used: 1 } },
    "unchanged",
  ],
  ["other owners", { metadata }, { metadata: { ...metadata, managedFields: [{ manager: "x" }] } }, "unchanged"],
  ["other labels", { metadata }, { metadata: { ...metadata, labels: {} } }, "changed"],
  [
    "only metadata was looked at",
    { metadata: { ...metadata, generation: 3 } },
    { metadata: { ...metadata, generation: 3 }, spec: { large: true } },
    "unchanged",
  ],
  ["another generation", { metadata: { generation: 3 } }, { metadata: { generation: 4 }, spec: {} }, "changed"],
];

for (const [what, before, after, outcome] of cases) {
  test(`an apply: ${what} is ${outcome}`, () => {
    assert.equal(outcomeOf(before, after), outcome);
  });
}
