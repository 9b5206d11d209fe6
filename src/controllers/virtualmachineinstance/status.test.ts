import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../../api/core.ts";
import { observationOf, podIn } from "./sample.ts";
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
