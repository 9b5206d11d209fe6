import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualMachineInstanceReplicaSet } from "../../../api/kubevirt/resources.ts";
import { sampleSpec, sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { ObjectMeta } from "../../../api/meta.ts";
import type { Observation } from "./observation.ts";
import { plan } from "./plan.ts";
import { renderVmi } from "./render-vmi.ts";
import { decideStatus } from "./status.ts";

const now = "2026-01-01T00:00:00Z";
const nowMs = Date.parse(now);
const labels = { app: "web" };

type Spec = VirtualMachineInstanceReplicaSet["spec"];

function setOf(spec: Partial<Spec> = {}, metadata: ObjectMeta = {}): VirtualMachineInstanceReplicaSet {
  return {
    metadata: { name: "web", namespace: "default", uid: "set-uid", ...metadata },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: sampleSpec() },
      ...spec,
    },
  };
}

function vmi(name: string, metadata: ObjectMeta = {}, status: VirtualMachineInstance["status"] = {}) {
  return sampleVmi((each) => {
    each.metadata = { name, uid: name, labels, creationTimestamp: now, ...metadata };
    each.status = { phase: "Running", nodeName: "n", conditions: [{ type: "Ready", status: "True" }], ...status };
  });
}

function observe(
  set: VirtualMachineInstanceReplicaSet,
  owned: VirtualMachineInstance[] = [],
  orphans = owned.slice(0, 0),
) {
  return { set, owned, orphans, failure: undefined, nowMs } satisfies Observation;
}

const planned = (observation: Observation): string[] =>
  plan(observation).map((action) =>
    action.type === "create" ? `create ${action.count}` : `${action.type} ${action.vmi.metadata?.name}`,
  );

const [a, b, c] = [vmi("a"), vmi("b"), vmi("c")];
const failed = vmi("failed", {}, { phase: "Failed" });
const leaving = vmi("leaving", { deletionTimestamp: now });
const relabelled = vmi("relabelled", { labels: { app: "debug" } });

const cases: [what: string, observation: Observation, expected: string[]][] = [
  ["nothing is missing", observe(setOf(), [a, b]), []],
  ["instances are missing", observe(setOf({ replicas: 3 }), [a]), ["create 2"]],
  ["one is wanted when nothing is said", observe(setOf({ replicas: undefined })), ["create 1"]],
  ["none is wanted", observe(setOf({ replicas: 0 }), [a]), ["delete a"]],
  ["many come in bursts", observe(setOf({ replicas: 200 })), ["create 50"]],
  ["an ended one is replaced, then removed", observe(setOf(), [a, failed]), ["create 1", "delete failed"]],
  ["one that leaves is replaced at once", observe(setOf(), [a, leaving]), ["create 1"]],
  [
    "the one without a node goes first",
    observe(setOf({ replicas: 1 }), [a, vmi("new", {}, { nodeName: "" })]),
    ["delete new"],
  ],
  [
    "then the one that does not run",
    observe(setOf({ replicas: 1 }), [a, vmi("s", {}, { phase: "Scheduled" })]),
    ["delete s"],
  ],
  [
    "then the one that is not ready",
    observe(setOf({ replicas: 1 }), [a, vmi("u", {}, { conditions: [] })]),
    ["delete u"],
  ],
  [
    "then the younger",
    observe(setOf({ replicas: 1 }), [a, vmi("y", { creationTimestamp: "2026-02-01T00:00:00Z" })]),
    ["delete y"],
  ],
  ["an orphan is adopted before any is made", observe(setOf({ replicas: 3 }), [a], [c]), ["adopt c"]],
  ["one that ended is not", observe(setOf({ replicas: 1 }), [a], [failed]), []],
  ["a relabelled one is let go", observe(setOf(), [a, b, relabelled]), ["release relabelled"]],
  ["also when paused", observe(setOf({ paused: true }), [relabelled]), ["release relabelled"]],
  ["nothing else when paused", observe(setOf({ paused: true }), [failed]), []],
  ["nothing when it is going", observe(setOf({ replicas: 9 }, { deletionTimestamp: now }), [relabelled], [c]), []],
];
for (const [what, observation, expected] of cases) test(what, () => assert.deepEqual(planned(observation), expected));

test("the status counts what lives and what is ready", () => {
  const owned = [a, vmi("unready", {}, { conditions: [] }), failed, leaving];
  assert.deepEqual(decideStatus(observe(setOf(), owned)), {
    replicas: 2,
    readyReplicas: 1,
    labelSelector: "app=web",
    conditions: undefined,
  });
});

test("a failure shows while it matters, a pause while it lasts", () => {
  const failure = { reason: "FailedCreate", message: "quota" };
  const typesOf = (observation: Observation) => decideStatus(observation).conditions?.map(({ type }) => type);
  assert.deepEqual(typesOf({ ...observe(setOf(), [a]), failure }), ["ReplicaFailure"]);
  assert.equal(typesOf({ ...observe(setOf(), [a, b]), failure }), undefined);
  assert.deepEqual(typesOf({ ...observe(setOf({ paused: true }), [a]), failure }), ["ReplicaPaused"]);
});

test("an instance is the template's, under a name that begins as the template's or else the set's", () => {
  const made = renderVmi(
    setOf({ template: { metadata: { name: "node", labels, annotations: { x: "y" } }, spec: sampleSpec() } }),
  );
  assert.equal(made.metadata?.generateName, "node");
  assert.deepEqual(made.metadata?.annotations, { x: "y" });
  assert.equal(made.metadata?.ownerReferences?.[0]?.uid, "set-uid");
  assert.equal(renderVmi(setOf()).metadata?.generateName, "web");
});
