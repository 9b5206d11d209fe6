import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Condition } from "../../api/meta.ts";
import { mergeConditions, removeCondition, setCondition, timestamp } from "./conditions.ts";

const then = new Date("2026-01-01T00:00:00.123Z");
const now = new Date("2026-01-02T00:00:00.456Z");
const ready: Condition = { type: "Ready", status: "True", reason: "Up", lastTransitionTime: timestamp(then) };

describe("setCondition", () => {
  const cases: { title: string; before: Condition[] | undefined; set: Condition; after: Condition[] }[] = [
    {
      title: "adds a new one with the time",
      before: undefined,
      set: { type: "Ready", status: "False" },
      after: [{ type: "Ready", status: "False", lastTransitionTime: "2026-01-02T00:00:00Z" }],
    },
    {
      title: "moves the time when the status changes",
      before: [ready],
      set: { type: "Ready", status: "False", reason: "Down" },
      after: [{ type: "Ready", status: "False", reason: "Down", lastTransitionTime: "2026-01-02T00:00:00Z" }],
    },
    {
      title: "keeps the time when only the reason changes",
      before: [ready],
      set: { type: "Ready", status: "True", reason: "Better" },
      after: [{ ...ready, reason: "Better" }],
    },
    {
      title: "leaves the others alone, in their order",
      before: [{ type: "A", status: "True" }, ready, { type: "B", status: "True" }],
      set: { type: "Ready", status: "Unknown" },
      after: [
        { type: "A", status: "True" },
        { type: "Ready", status: "Unknown", reason: "Up", lastTransitionTime: "2026-01-02T00:00:00Z" },
        { type: "B", status: "True" },
      ],
    },
  ];
  for (const { title, before, set, after } of cases) {
    it(title, () => assert.deepEqual(setCondition(before, set, now), after));
  }

  it("gives back the same list when nothing changed", () => {
    const list = [ready];
    assert.equal(setCondition(list, { type: "Ready", status: "True", reason: "Up" }, now), list);
  });
});

describe("mergeConditions", () => {
  it("drops what is no longer wanted and keeps the times of what stays", () => {
    const merged = mergeConditions(
      [ready, { type: "Old", status: "True" }],
      [
        { type: "New", status: "True" },
        { type: "Ready", status: "True", reason: "Up" },
      ],
      now,
    );
    assert.deepEqual(merged.map(({ type, lastTransitionTime }) => `${type} ${lastTransitionTime}`).sort(), [
      "New 2026-01-02T00:00:00Z",
      "Ready 2026-01-01T00:00:00Z",
    ]);
  });
});

describe("removeCondition", () => {
  it("removes by type", () => {
    assert.deepEqual(removeCondition([ready], "Ready"), []);
    assert.deepEqual(removeCondition(undefined, "Ready"), []);
  });
});
