import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deployment, DeploymentStatus, ReplicaSet } from "../../../api/apps.ts";
import { deploymentStatus, nextJudgementMs } from "./status.ts";
import { deployment, replicaSet } from "./world.fixture.ts";

const startMs = Date.parse("2026-01-01T12:00:00Z");

function statusOf(wanted: Deployment, replicaSets: ReplicaSet[], before?: DeploymentStatus, nowMs = startMs) {
  const observed = { ...wanted, ...(before && { status: before }) };
  return deploymentStatus({ deployment: observed, replicaSets, orphans: [], pods: [], nowMs });
}

const reasonOf = (status: DeploymentStatus, type: string) =>
  status.conditions?.find((condition) => condition.type === type)?.reason;

const wanted = deployment({ image: "two", replicas: 2, progressDeadlineSeconds: 60 });
const growing = replicaSet("b", { image: "two", replicas: 1 });
const complete = replicaSet("b", { image: "two", replicas: 2, available: 2 });

test("counts come from all sets, the updated ones from the current", () => {
  const { conditions: _, ...counts } = statusOf(wanted, [replicaSet("a", { image: "one", available: 1 }), growing]);
  assert.deepEqual(counts, {
    observedGeneration: 1,
    replicas: 2,
    updatedReplicas: 1,
    readyReplicas: 0,
    availableReplicas: 1,
    unavailableReplicas: 1,
  });
});

test("a complete rollout says so, and goes on saying so when a pod fails later", () => {
  const done = statusOf(wanted, [complete]);
  assert.equal(reasonOf(done, "Progressing"), "NewReplicaSetAvailable");
  assert.equal(reasonOf(done, "Available"), "MinimumReplicasAvailable");
  const lame = replicaSet("b", { image: "two", replicas: 2, available: 0 });
  const later = statusOf(wanted, [lame], done, startMs + 3_600_000);
  assert.equal(reasonOf(later, "Progressing"), "NewReplicaSetAvailable");
  assert.equal(reasonOf(later, "Available"), "MinimumReplicasUnavailable");
});

test("a rollout that does not move is told of after its deadline", () => {
  const first = statusOf(wanted, [growing]);
  assert.equal(reasonOf(first, "Progressing"), "ReplicaSetUpdated");
  const inTime = statusOf(wanted, [growing], first, startMs + 59_000);
  assert.equal(reasonOf(inTime, "Progressing"), "ReplicaSetUpdated");
  const late = statusOf(wanted, [growing], inTime, startMs + 61_000);
  assert.equal(reasonOf(late, "Progressing"), "ProgressDeadlineExceeded");
  const stillLate = statusOf(wanted, [growing], late, startMs + 120_000);
  assert.equal(reasonOf(stillLate, "Progressing"), "ProgressDeadlineExceeded");
  const moved = statusOf(wanted, [complete], stillLate, startMs + 130_000);
  assert.equal(reasonOf(moved, "Progressing"), "NewReplicaSetAvailable");
});

test("a new rollout starts its own deadline", () => {
  const done = statusOf(wanted, [complete]);
  const next = deployment({ image: "three", replicas: 2, progressDeadlineSeconds: 60 });
  const muchLater = statusOf(next, [complete], done, startMs + 3_600_000);
  assert.equal(reasonOf(muchLater, "Progressing"), "ReplicaSetUpdated");
  const soonAfter = statusOf(next, [complete], muchLater, startMs + 3_601_000);
  assert.equal(reasonOf(soonAfter, "Progressing"), "ReplicaSetUpdated");
});

test("it is judged again when the deadline has passed", () => {
  const status = statusOf(wanted, [growing]);
  const observation = { deployment: { ...wanted, status }, replicaSets: [], orphans: [], pods: [] };
  assert.equal(nextJudgementMs({ ...observation, nowMs: startMs + 20_000 }), 41_000);
});

test("a paused deployment is neither under way nor late", () => {
  const paused = deployment({ image: "two", replicas: 2, paused: true });
  assert.equal(reasonOf(statusOf(paused, [growing]), "Progressing"), "DeploymentPaused");
});
