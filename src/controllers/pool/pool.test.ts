import assert from "node:assert/strict";
import { test } from "node:test";
import { labels } from "../../../api/kubevirt/names.ts";
import { ordinalIn, renderVm, revisionOf } from "../../../api/kubevirt/pool/render-vm.ts";
import type { VirtualMachinePool } from "../../../api/kubevirt/resources.ts";
import { sampleSpec, sampleVm, sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { VirtualMachine, VirtualMachineSpec } from "../../../api/kubevirt/types.ts";
import type { Condition, ObjectMeta } from "../../../api/meta.ts";
import type { Machine, Observation } from "./observation.ts";
import { plan } from "./plan.ts";
import { decideStatus } from "./status.ts";

const now = "2026-01-01T00:00:00Z";
const nowMs = Date.parse(now);
const own = { app: "web" };
const reference = { apiVersion: "pool.kubevirt.io/v1beta1", kind: "VirtualMachinePool", name: "web", uid: "pool-uid" };

type Spec = VirtualMachinePool["spec"];
const template = { metadata: { labels: own }, spec: { runStrategy: "Always", template: { spec: sampleSpec() } } };

function poolOf(spec: Partial<Spec> = {}, metadata: ObjectMeta = {}): VirtualMachinePool {
  return {
    metadata: { name: "web", namespace: "default", uid: "pool-uid", ...metadata },
    spec: { replicas: 2, selector: { matchLabels: own }, virtualMachineTemplate: template, ...spec },
  };
}

const current = revisionOf(poolOf());
const ready: Condition = { type: "Ready", status: "True" };
const restartRequired: Condition = { type: "RestartRequired", status: "True" };

interface Given extends ObjectMeta {
  conditions?: Condition[];
  status?: VirtualMachine["status"];
  runStrategy?: string;
  /** Of the machine, and of its instance. */
  revision?: string;
  instanceRevision?: string;
  zone?: string;
}

function machine(ordinal: number, given: Given = {}): Machine {
  const { conditions = [ready], status, runStrategy = "Always", zone, ...rest } = given;
  const { revision = current, instanceRevision = revision, ...metadata } = rest;
  const name = `web-${ordinal}`;
  const vm = sampleVm((each) => {
    const marked = { ...own, [labels.poolRevision]: revision };
    each.metadata = {
      name,
      namespace: "default",
      uid: name,
      generation: 2,
      labels: marked,
      creationTimestamp: now,
      ...metadata,
    };
    each.spec.runStrategy = runStrategy;
    each.status = { desiredGeneration: 2, conditions, ...status };
  });
  const vmi = sampleVmi((each) => {
    each.metadata = { name, uid: `vmi-${ordinal}`, labels: { [labels.poolRevision]: instanceRevision } };
  });
  return { vm, vmi, nodeLabels: zone === undefined ? undefined : { zone } };
}

function observe(pool: VirtualMachinePool, owned: Machine[] = [], strangers: string[] = []): Observation {
  const takenNames = new Set([...owned.map(({ vm }) => vm.metadata?.name ?? ""), ...strangers]);
  return { pool, owned, takenNames, failure: undefined, nowMs };
}

const planned = (observation: Observation): string[] =>
  plan(observation).map((action) => {
    if (action.type === "create") return `create ${action.ordinal}`;
    return `${action.type} ${"vm" in action ? action.vm.metadata?.name : action.vmi.metadata?.name}`;
  });

const [m0, m1, m2] = [machine(0), machine(1), machine(2)];
const going = machine(1, { deletionTimestamp: now });
const sorted = (sortPolicy: string, selectors?: object) =>
  poolOf({
    replicas: 1,
    scaleInStrategy: { proactive: { selectionPolicy: { sortPolicy, ...(selectors && { selectors }) } } },
  });
const failing = (minutes: number, count = 3) =>
  machine(1, {
    conditions: [
      { type: "Ready", status: "False", lastTransitionTime: new Date(nowMs - minutes * 60_000).toISOString() },
    ],
    status: { startFailure: { consecutiveFailCount: count } },
  });
const failingStatus = (each: Machine, count: number): Machine => {
  each.vm.status = { ...each.vm.status, startFailure: { consecutiveFailCount: count } };
  return each;
};
const healed = poolOf({ autohealing: { startUpFailureThreshold: 3, minFailingToStartDuration: "5m" } });
const old = { revision: "web-old" };
const updated = { instanceRevision: "web-old", conditions: [ready, restartRequired] };
const downNow = { ...updated, conditions: [restartRequired] };

const cases: [what: string, observation: Observation, expected: string[]][] = [
  ["nothing is missing", observe(poolOf(), [m0, m1]), []],
  ["one is wanted when nothing is said", observe(poolOf({ replicas: undefined })), ["create 0"]],
  ["the lowest free numbers are given", observe(poolOf({ replicas: 3 }), [m1]), ["create 0", "create 2"]],
  ["a name that somebody else has is left out", observe(poolOf({ replicas: 1 }), [], ["web-0"]), ["create 1"]],
  ["one that is going is waited for", observe(poolOf(), [m0, going]), []],
  ["and counts as gone when there are too many", observe(poolOf({ replicas: 1 }), [m0, going]), []],
  ["the highest numbers go", observe(sorted("DescendingOrder"), [m0, m1, m2]), ["delete web-2", "delete web-1"]],
  ["the lowest go", observe(sorted("AscendingOrder"), [m1, m0, m2]), ["delete web-0", "delete web-1"]],
  [
    "the youngest goes",
    observe(sorted("Newest"), [m0, machine(1, { creationTimestamp: "2025-01-01T00:00:00Z" })]),
    ["delete web-0"],
  ],
  [
    "the oldest goes",
    observe(sorted("Oldest"), [m0, machine(1, { creationTimestamp: "2025-01-01T00:00:00Z" })]),
    ["delete web-1"],
  ],
  [
    "those that the labels mean go first",
    observe(sorted("AscendingOrder", { labelSelector: { matchLabels: { old: "yes" } } }), [
      m0,
      machine(1, { labels: { ...own, old: "yes" } }),
    ]),
    ["delete web-1"],
  ],
  [
    "or those on the nodes that are meant",
    observe(
      sorted("AscendingOrder", { nodeSelectorRequirementMatcher: [{ key: "zone", operator: "In", values: ["b"] }] }),
      [machine(0, { zone: "a" }), machine(1, { zone: "b" })],
    ),
    ["delete web-1"],
  ],
  [
    "nobody is removed when it is unmanaged",
    observe(poolOf({ replicas: 0, scaleInStrategy: { unmanaged: {} } }), [m0]),
    [],
  ],
  ["nor when it is opportunistic", observe(poolOf({ replicas: 0, scaleInStrategy: { opportunistic: {} } }), [m0]), []],
  [
    "a relabelled one is let go, also when paused",
    observe(poolOf({ paused: true }), [m0, machine(1, { labels: {} })]),
    ["release web-1"],
  ],
  ["nothing else when paused", observe(poolOf({ paused: true, replicas: 9 }), [machine(0, old)]), []],
  ["nothing when it is going", observe(poolOf({ replicas: 9 }, { deletionTimestamp: now }), [machine(0, old)]), []],
  ["one that fails too often for too long is given up", observe(healed, [m0, failing(6)]), ["delete web-1"]],
  ["not yet", observe(healed, [m0, failing(4)]), []],
  ["one that failed twice is not", observe(healed, [m0, failing(60, 2)]), []],
  ["nor one that runs now", observe(healed, [m0, failingStatus(machine(1), 9)]), []],
  ["nor without autohealing", observe(poolOf(), [m0, failing(60)]), []],
  ["outdated machines get the template", observe(poolOf(), [machine(0, old), m1]), ["update web-0"]],
  ["not when updates are unmanaged", observe(poolOf({ updateStrategy: { unmanaged: {} } }), [machine(0, old), m1]), []],
  [
    "their instances are restarted",
    observe(poolOf(), [machine(0, updated), machine(1, updated)]),
    ["restart web-0", "restart web-1"],
  ],
  [
    "not when updates are opportunistic",
    observe(poolOf({ updateStrategy: { opportunistic: {} } }), [machine(0, updated), m1]),
    [],
  ],
  [
    "one after the other",
    observe(
      poolOf({
        maxUnavailable: 1,
        updateStrategy: { proactive: { selectionPolicy: { sortPolicy: "AscendingOrder" } } },
      }),
      [machine(0, updated), machine(1, updated)],
    ),
    ["restart web-0"],
  ],
  [
    "no more while one is down",
    observe(poolOf({ maxUnavailable: "50%" }), [machine(0, { conditions: [] }), machine(1, updated)]),
    [],
  ],
  [
    "one that is down costs nothing",
    observe(poolOf({ maxUnavailable: 1 }), [machine(0, downNow), machine(1, updated)]),
    ["restart web-0"],
  ],
  [
    "one that is not to run is missed by nobody",
    observe(poolOf({ maxUnavailable: 1 }), [
      machine(0, { runStrategy: "Halted", conditions: [] }),
      machine(1, updated),
    ]),
    ["restart web-1"],
  ],
  [
    "one that is asked already is not asked again",
    observe(poolOf(), [machine(0, { ...updated, status: { stateChangeRequests: [{ action: "Stop" }] } }), m1]),
    [],
  ],
  [
    "one whose controller has not seen the template waits",
    observe(poolOf(), [machine(0, { ...updated, generation: 3 }), m1]),
    [],
  ],
  [
    "an instance that needs no restart is up to date",
    observe(poolOf(), [machine(0, { instanceRevision: "web-old" }), m1]),
    ["relabel web-0"],
  ],
  [
    "a restart that the pool did not ask for is its user's",
    observe(poolOf(), [machine(0, { conditions: [ready, restartRequired] }), m1]),
    [],
  ],
];
for (const [what, observation, expected] of cases) test(what, () => assert.deepEqual(planned(observation), expected));

test("by chance means the same ones at each look", () => {
  const pool = poolOf({ replicas: 1 });
  assert.deepEqual(planned(observe(pool, [m0, m1, m2])), planned(observe(pool, [m2, m0, m1])));
});

test("the status counts who stays and who is ready", () => {
  const status = decideStatus(observe(poolOf(), [m0, machine(2, { conditions: [] }), going]));
  assert.deepEqual([status.replicas, status.readyReplicas, status.labelSelector], [2, 1, "app=web"]);
  const failure = { reason: "FailedScaleOut", message: "quota" };
  assert.deepEqual(
    decideStatus({ ...observe(poolOf(), [m0]), failure }).conditions?.map(({ type, reason }) => [type, reason]),
    [["ReplicaFailure", "FailedScaleOut"]],
  );
  assert.equal(decideStatus({ ...observe(poolOf(), [m0, m1]), failure }).conditions, undefined);
});

test("the number of a machine is in its name alone", () => {
  const numbers = ["web-0", "web-12", "web-01", "web-x", "web-", "other-1", undefined];
  assert.deepEqual(
    numbers.map((name) => ordinalIn(poolOf(), name)),
    [0, 12, undefined, undefined, undefined, undefined, undefined],
  );
});

test("what is made for a machine has its number, what it reads only when asked", () => {
  const spec: VirtualMachineSpec = {
    runStrategy: "Always",
    dataVolumeTemplates: [{ metadata: { name: "disk" }, spec: {} }],
    template: {
      spec: sampleSpec((each) => {
        each.volumes = [
          { name: "a", dataVolume: { name: "disk" } },
          { name: "b", persistentVolumeClaim: { claimName: "shared" } },
          { name: "c", configMap: { name: "settings" } },
          { name: "d", secret: { secretName: "keys" } },
          { name: "e", cloudInitNoCloud: { secretRef: { name: "user" }, networkDataSecretRef: { name: "net" } } },
        ];
      }),
    },
  };
  const rendered = (nameGeneration: Spec["nameGeneration"]) => {
    const pool = poolOf({ virtualMachineTemplate: { ...template, spec }, nameGeneration });
    return renderVm(pool, 3, reference);
  };
  const namesIn = ({ spec: { template: made } }: VirtualMachine) =>
    made.spec.volumes?.flatMap((volume) =>
      [...JSON.stringify(volume).matchAll(/"(?:\w*[nN]ame)":"(\w{2}[^"]*)"/g)].map(([, name]) => name),
    );
  const plain = rendered(undefined);
  assert.equal(plain.metadata?.name, "web-3");
  assert.equal(plain.spec.dataVolumeTemplates?.[0]?.metadata?.name, "disk-3");
  assert.deepEqual(namesIn(plain), ["disk-3", "shared", "settings", "keys", "user", "net"]);
  const all = { appendIndexToConfigMapRefs: true, appendIndexToSecretRefs: true };
  assert.deepEqual(namesIn(rendered(all)), ["disk-3", "shared", "settings-3", "keys-3", "user-3", "net-3"]);
  assert.equal(spec.dataVolumeTemplates?.[0]?.metadata?.name, "disk", "the template stays as it was");
});

test("a revision tells of the template alone", () => {
  assert.equal(revisionOf(poolOf({ replicas: 7, paused: true })), current);
  const other = { ...template, spec: { ...template.spec, runStrategy: "Manual" } };
  assert.notEqual(revisionOf(poolOf({ virtualMachineTemplate: other })), current);
  assert.match(revisionOf(poolOf({}, { name: "x".repeat(90) })), /^.{1,63}$/);
});
