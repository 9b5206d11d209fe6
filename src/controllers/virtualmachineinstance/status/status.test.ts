import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../../../api/core.ts";
import { observationOf, podIn } from "../sample.ts";
import { decideStatus } from "./status.ts";

const placedPod = (uid: string, nodeName: string | undefined, phase: Parameters<typeof podIn>[0]): Pod => {
  const pod = podIn(phase);
  const { containers = [] } = pod.spec ?? {};
  return { ...pod, metadata: { ...pod.metadata, uid }, spec: { containers, ...(nodeName && { nodeName }) } };
};

test("active pods are those that live and have a node", () => {
  const table: [string, Pod[], Record<string, string>][] = [
    ["none", [], {}],
    ["not scheduled yet", [placedPod("one", undefined, "Pending")], {}],
    ["one", [placedPod("one", "a", "Running")], { one: "a" }],
    [
      "a target that waits for its node",
      [placedPod("one", "a", "Running"), placedPod("two", undefined, "Pending")],
      { one: "a" },
    ],
    [
      "both ends of a migration",
      [placedPod("one", "a", "Running"), placedPod("two", "b", "Pending")],
      { one: "a", two: "b" },
    ],
    ["one has ended", [placedPod("one", "a", "Succeeded"), placedPod("two", "b", "Running")], { two: "b" }],
  ];
  for (const [what, pods, expected] of table) {
    assert.deepEqual(decideStatus(observationOf("Running", { pods })).activePods, expected, what);
  }
});

test("the stages of a start are noted once, and only with something else", () => {
  const trace = (observation: Parameters<typeof decideStatus>[0]) => decideStatus(observation).startTrace;
  const instant = "2026-01-01T00:00:00.123Z";
  const created = { created: instant };
  assert.deepEqual(trace(observationOf(undefined)), created);
  const pods = [podIn("Running")];
  assert.deepEqual(trace(observationOf("Scheduling", { pods })), {
    ...created,
    podCreated: instant,
    podScheduled: instant,
    podRunning: instant,
  });
  const settled = observationOf(undefined);
  const { startTrace: _lost, ...status } = decideStatus(settled);
  assert.equal(trace({ ...settled, vmi: { ...settled.vmi, status } }), undefined);
  assert.equal(trace(observationOf("Running", { pods })), undefined);
});
