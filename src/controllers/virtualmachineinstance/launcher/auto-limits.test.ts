import assert from "node:assert/strict";
import { test } from "node:test";
import type { Namespace } from "../../../../api/core.ts";
import { autoLimitsOf, noAutoLimits } from "./auto-limits.ts";

const quota = (hard: Record<string, string>) => ({ metadata: { name: "q" }, spec: { hard } });
const namespace = (labels: Record<string, string>): Namespace => ({ metadata: { name: "n", labels } });
const of = (hard: Record<string, string>, labels: Record<string, string> = {}, selector?: object) =>
  autoLimitsOf({ quotas: [quota(hard)], namespace: namespace(labels), selector });

test("only what a quota counts is limited", () => {
  assert.deepEqual(of({ "requests.cpu": "4", pods: "3" }), noAutoLimits);
  assert.deepEqual(of({ "limits.cpu": "4" }), { cpu: true, memoryRatio: undefined });
  assert.deepEqual(of({ "limits.memory": "4Gi" }), { cpu: false, memoryRatio: 2 });
});

test("a namespace says how much more memory than requested, if that makes sense", () => {
  const ratioOf = (ratio: string) =>
    of({ "limits.memory": "4Gi" }, { "alpha.kubevirt.io/auto-memory-limits-ratio": ratio });
  assert.equal(ratioOf("1.2").memoryRatio, 1.2);
  for (const wrong of ["", "x", "0.5", "-1", "Infinity"]) assert.equal(ratioOf(wrong).memoryRatio, 2, wrong);
});

test("the administrator chooses namespaces whose machines have CPU limits", () => {
  const selector = { matchLabels: { tenant: "yes" } };
  assert.equal(of({}, { tenant: "yes" }, selector).cpu, true);
  assert.equal(of({}, {}, selector).cpu, false);
});
