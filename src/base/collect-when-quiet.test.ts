import assert from "node:assert/strict";
import { test } from "node:test";
import { createCollectionPlan } from "./collect-when-quiet.ts";

const cases: [what: string, shares: number[], collections: boolean[]][] = [
  ["never busy, nothing to collect", [0, 0.04, 0.09, 0], [false, false, false, false]],
  ["once after work", [0.5, 0.01, 0.01], [false, true, false]],
  ["not while work goes on, however slowly", [0.5, 0.08, 0.06, 0.01], [false, false, false, true]],
  ["again after work again", [0.2, 0, 0.2, 0], [false, true, false, true]],
];

for (const [what, shares, collections] of cases) {
  test(what, () => assert.deepEqual(shares.map(createCollectionPlan()), collections));
}
