import assert from "node:assert/strict";
import { test } from "node:test";
import { decidePhase } from "./phase.ts";
import type { Observation } from "./observation.ts";
import { copyingPod, observationOf, podIn } from "./sample.ts";

const uncopied = copyingPod("Failed", { terminated: { exitCode: 1 } });

test("phases", () => {
  const table: [string, string | undefined, Partial<Observation>, string, string?][] = [
    ["new", undefined, {}, "Pending"],
    ["waits for its pod", "Pending", {}, "Pending"],
    ["pod created", "Pending", { pods: [podIn("Pending")] }, "Scheduling"],
    ["pod starts", "Scheduling", { pods: [podIn("Pending")] }, "Scheduling"],
    ["pod runs", "Scheduling", { pods: [podIn("Running")] }, "Scheduled"],
    ["the agent's phase stays", "Running", { pods: [podIn("Running")] }, "Running"],
    ["pod ended well", "Running", { pods: [podIn("Succeeded")] }, "Succeeded"],
    ["pod failed", "Scheduling", { pods: [podIn("Failed", { status: { reason: "Evicted" } })] }, "Failed", "Evicted"],
    ["no disk copied", "Scheduling", { pods: [uncopied] }, "Failed", "ContainerDiskCopyFailed"],
    ["pod vanished", "Running", {}, "Failed", "PodNotExists"],
    ["node gone", "Running", { pods: [podIn("Running")], nodeExists: false }, "Failed", "NodeUnresponsive"],
    ["final stays", "Succeeded", {}, "Succeeded"],
    ["final stays while the pod ends", "Failed", { pods: [podIn("Running")] }, "Failed"],
  ];
  for (const [what, phase, change, expected, reason] of table) {
    const decision = decidePhase(observationOf(phase, change));
    assert.equal(decision.phase, expected, what);
    assert.equal(decision.reason, reason, what);
  }
});
