import assert from "node:assert/strict";
import { test } from "node:test";
import { overlapsOf, type Span } from "./run-states.ts";

const span = (pid: number, fromMs: number, toMs?: number): Span => ({
  pid,
  fromMs,
  ...(toMs !== undefined && { toMs }),
});

const cases: [what: string, spans: Span[], overlaps: number][] = [
  ["one after the other", [span(1, 0, 5), span(2, 5)], 0],
  ["the same QEMU stands still and goes on", [span(1, 0, 5), span(1, 7)], 0],
  ["the second goes on before the first stands still", [span(1, 0, 5), span(2, 4)], 1],
  ["the first goes on again", [span(1, 0, 5), span(2, 6), span(1, 8)], 1],
  ["both to this day", [span(1, 3), span(2, 1)], 1],
];

for (const [what, spans, overlaps] of cases) {
  test(what, () => assert.equal(overlapsOf(spans).length, overlaps));
}
