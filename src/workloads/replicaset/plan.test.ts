import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReplicaSet } from "../../../api/apps.ts";
import type { Pod } from "../../../api/core.ts";
import { planReplicaSet, replicaSetStatus } from "./plan.ts";

const set = (replicas: number, minReadySeconds = 0): ReplicaSet => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: "s", uid: "s", generation: 7 },
  spec: {
    replicas,
    minReadySeconds,
    selector: { matchLabels: { app: "s" } },
    template: { metadata: { labels: { app: "s", tier: "x" } }, spec: { containers: [] } },
  },
});

const nowMs = Date.parse("2026-01-01T12:00:00Z");
const pod = (name: string, { ready = true, ...metadata }: { ready?: boolean } & Pod["metadata"] = {}): Pod => ({
  metadata: { name, labels: { app: "s" }, creationTimestamp: "2026-01-01T00:00:00Z", ...metadata },
  spec: { nodeName: "n", containers: [] },
  status: {
    phase: "Running",
    conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: "2026-01-01T11:59:50Z" }],
  },
});
const ended: Pod = { ...pod("ended"), status: { phase: "Failed" } };
const leaving = pod("leaving", { deletionTimestamp: "2026-01-01T00:00:00Z" });
const unplaced: Pod = { ...pod("unplaced"), spec: { containers: [] }, status: { phase: "Pending" } };

const planned = (replicaSet: ReplicaSet, owned: Pod[], orphans: Pod[] = []) =>
  planReplicaSet({ replicaSet, owned, orphans, nowMs }).map((action) =>
    action.kind === "create" ? `create ${action.count}` : `${action.kind} ${action.pod.metadata?.name}`,
  );

const cases: [name: string, set: ReplicaSet, owned: Pod[], orphans: Pod[], expected: string[]][] = [
  ["nothing is missing", set(1), [pod("a")], [], []],
  ["pods are missing", set(3), [pod("a")], [], ["create 2"]],
  ["one that ended or is leaving is replaced", set(2), [ended, leaving], [], ["create 2"]],
  ["many come in bursts", set(200), [], [], ["create 50"]],
  ["the one without a node goes first", set(1), [pod("a"), unplaced], [], ["delete unplaced"]],
  ["then the one that is not ready", set(1), [pod("a"), pod("b", { ready: false })], [], ["delete b"]],
  [
    "then the cheaper",
    set(1),
    [pod("a", { annotations: { "controller.kubernetes.io/pod-deletion-cost": "-5" } }), pod("b")],
    [],
    ["delete a"],
  ],
  ["then the younger", set(1), [pod("a"), pod("b", { creationTimestamp: "2026-01-01T01:00:00Z" })], [], ["delete b"]],
  ["an orphan is adopted before any is made", set(2), [pod("a")], [pod("o")], ["adopt o"]],
  ["a relabelled pod is let go", set(1), [pod("a", { labels: { app: "debug" } })], [], ["release a"]],
  [
    "nothing when it is being deleted",
    { ...set(3), metadata: { name: "s", deletionTimestamp: "2026-01-01T00:00:00Z" } },
    [],
    [],
    [],
  ],
];
for (const [name, replicaSet, owned, orphans, expected] of cases)
  test(name, () => assert.deepEqual(planned(replicaSet, owned, orphans), expected));

test("the status counts what lives, is ready, and has been for long enough", () => {
  const owned = [pod("a", { labels: { app: "s", tier: "x" } }), pod("b"), pod("c", { ready: false }), ended, leaving];
  const statusOf = (minReadySeconds: number) =>
    replicaSetStatus({ replicaSet: set(3, minReadySeconds), owned, orphans: [], nowMs });
  assert.deepEqual(statusOf(0), {
    replicas: 3,
    fullyLabeledReplicas: 1,
    readyReplicas: 2,
    availableReplicas: 2,
    observedGeneration: 7,
  });
  assert.equal(statusOf(10).availableReplicas, 2);
  assert.equal(statusOf(11).availableReplicas, 0);
});
