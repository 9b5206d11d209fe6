import assert from "node:assert/strict";
import { test } from "node:test";
import { overlapsOf, type Span } from "./run-states.ts";

const cases: [what: string, spans: Span[], overlaps: number][] = [
  [
    "one after the other",
    [
      { pid: 1, fromMs: 0, toMs: 5 },
      { pid: 2, fromMs: 5 },
    ],
    0,
  ],
  [
    "the same QEMU stands still and goes on",
    [
      { pid: 1, fromMs: 0, toMs: 5 },
      { pid: 1, fromMs: 7 },
    ],
    0,
  ],
  [
    "the second goes on before the first stands still",
    [
      { pid: 1, fromMs: 0, toMs: 5 },
      { pid: 2, fromMs: 4 },
    ],
    1,
  ],
  [
    "the first goes on again",
    [
      { pid: 1, fromMs: 0, toMs: 5 },
      { pid: 2, fromMs: 6 },
      { pid: 1, fromMs: 8 },
    ],
    1,
  ],
  [
    "both to this day",
    [
      { pid: 1, fromMs: 3 },
      { pid: 2, fromMs: 1 },
    ],
    1,
  ],
];

for (const [what, spans, overlaps] of cases) {
  test(what, () => assert.equal(overlapsOf(spans).length, overlaps));
}
