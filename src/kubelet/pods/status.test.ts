import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodStatus } from "../../../api/core.ts";
import { aContainer, aPod, aSandbox, mainContainer, nowMs, observed } from "./fixture.ts";
import type { Observation } from "./observation.ts";
import { podStatus } from "./status.ts";

const sandbox = aSandbox();
const exited = (extra = {}) => aContainer({ phase: "exited", ...extra });
const deleted = { deletionTimestamp: "2026-01-01T12:00:20Z" };
const probe = { exec: { command: ["x"] } };
const statusOf = (o: Observation): PodStatus => podStatus(o, o.pod ?? aPod(), { nodeIp: "192.0.2.1" });
const conditionOf = (o: Observation, type: string) =>
  statusOf(o).conditions?.find((condition) => condition.type === type);
const probed = (ready: boolean) => ({ probes: new Map([["main-0", { started: true, ready }]]) });
const withReadiness = { containers: [{ ...mainContainer, readinessProbe: probe }] };

const phases: [string, Observation, string][] = [
  ["nothing yet", observed(aPod()), "Pending"],
  ["running", observed(aPod(), [sandbox], [aContainer()]), "Running"],
  ["between two runs", observed(aPod(), [sandbox], [exited()]), "Running"],
  [
    "init container at work",
    observed(aPod({ initContainers: [{ ...mainContainer, name: "init" }] }), [sandbox], [aContainer({ name: "init" })]),
    "Pending",
  ],
  ["ended well", observed(aPod({ restartPolicy: "Never" }), [sandbox], [exited()]), "Succeeded"],
  ["ended badly", observed(aPod({ restartPolicy: "Never" }), [sandbox], [exited({ exitCode: 2 })]), "Failed"],
  ["deleted, still running", observed(aPod({}, { phase: "Running" }, deleted), [sandbox], [aContainer()]), "Running"],
  [
    "deleted, ended",
    observed(aPod({}, { phase: "Running" }, deleted), [sandbox], [exited({ exitCode: 137 })]),
    "Failed",
  ],
  ["deleted before it began", observed(aPod({}, {}, deleted)), "Failed"],
  ["what is over stays over", observed(aPod({}, { phase: "Succeeded" })), "Succeeded"],
  [
    "out of time",
    observed(aPod({ activeDeadlineSeconds: 1 }, { startTime: "2026-01-01T11:59:00Z" }), [], [exited()]),
    "Failed",
  ],
];

for (const [name, observation, phase] of phases) {
  test(`phase: ${name}`, () => assert.equal(statusOf(observation).phase, phase));
}

test("ready by probe, and only while it runs", () => {
  assert.equal(conditionOf(observed(aPod(), [sandbox], [aContainer()]), "Ready")?.status, "True");
  assert.equal(
    conditionOf(observed(aPod(withReadiness), [sandbox], [aContainer()], probed(false)), "Ready")?.status,
    "False",
  );
  assert.equal(
    conditionOf(observed(aPod(withReadiness), [sandbox], [aContainer()], probed(true)), "Ready")?.status,
    "True",
  );
  assert.equal(conditionOf(observed(aPod(), [sandbox], [exited()]), "Ready")?.reason, "ContainersNotReady");
});

test("a readiness gate holds Ready back, not ContainersReady", () => {
  const gated = observed(aPod({ readinessGates: [{ conditionType: "example.org/up" }] }), [sandbox], [aContainer()]);
  assert.equal(conditionOf(gated, "Ready")?.reason, "ReadinessGatesNotReady");
  assert.equal(conditionOf(gated, "ContainersReady")?.status, "True");
});

test("conditions of others stay, and a condition's time only moves with its status", () => {
  const before: PodStatus = {
    conditions: [
      { type: "example.org/x", status: "True" },
      { type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" },
    ],
  };
  const same = observed(aPod({}, before), [sandbox], [aContainer()]);
  assert.equal(conditionOf(same, "Ready")?.lastTransitionTime, "2026-01-01T00:00:00Z");
  assert.equal(conditionOf(same, "example.org/x")?.status, "True");
  const changed = observed(aPod({}, before), [sandbox], [exited()]);
  assert.equal(conditionOf(changed, "Ready")?.lastTransitionTime, "2026-01-01T12:00:00Z");
});

test("a container in back-off waits, and shows how it ended", () => {
  const o = observed(
    aPod(),
    [sandbox],
    [exited({ attempt: 2, backoffLevel: 2, exitCode: 3, reason: "Error" }), exited({ attempt: 1 })],
  );
  const [container] = statusOf(o).containerStatuses ?? [];
  assert.deepEqual(container?.state?.waiting, {
    reason: "CrashLoopBackOff",
    message: "back-off 20s restarting failed container=main",
  });
  assert.equal(container?.lastState?.terminated?.exitCode, 3);
  assert.equal(container?.restartCount, 2);
});

test("a start that failed shows why", () => {
  const failures = new Map([
    ["start-container/main", { reason: "ErrImagePull", message: "no", count: 1, retryAtMs: nowMs + 1 }],
  ]);
  const [container] = statusOf(observed(aPod(), [sandbox], [], { failures })).containerStatuses ?? [];
  assert.deepEqual(container?.state, { waiting: { reason: "ErrImagePull", message: "no" } });
});

test("addresses: the pod's own, or the host's", () => {
  assert.equal(statusOf(observed(aPod(), [sandbox], [aContainer()])).podIP, "10.0.0.2");
  assert.equal(statusOf(observed(aPod({ hostNetwork: true }), [sandbox], [aContainer()])).podIP, "192.0.2.1");
});

test("reporting again what was reported changes nothing", () => {
  const o = observed(aPod(), [sandbox], [aContainer()]);
  const first = statusOf(o);
  const second = statusOf({ ...o, pod: aPod({}, first), nowMs: nowMs + 60_000 });
  assert.deepEqual(second, first);
});
