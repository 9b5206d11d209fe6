import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../../api/core.ts";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import type { MigrationState } from "../../../api/kubevirt/migration/migration.ts";
import { finalizers } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import { podIn } from "../virtualmachineinstance/sample.ts";
import { type Evacuation, planEvacuation } from "./evacuation.ts";
import { undisturbed } from "./observation.fixture.ts";
import type { Observation } from "./observation.ts";
import { decidePhase } from "./phase.ts";
import { plan } from "./plan.ts";
import { renderTargetPod } from "./target-pod.ts";

const now = "2026-01-01T00:10:00Z";
const claimed: MigrationState = { migrationUid: "m", sourcePod: "source", sourceNode: "node", targetPod: "target" };
const named = (name: string, phase: "Pending" | "Running" | "Failed", createdAt = now): Pod =>
  podIn(phase, { metadata: { name, uid: name, creationTimestamp: createdAt } });
const source = named("source", "Running");

interface Change extends Partial<Omit<Observation, "vmi">> {
  phase?: string;
  state?: MigrationState;
  vmiPhase?: string;
  deleted?: boolean;
}

function observationOf({ phase, state, vmiPhase = "Running", deleted, ...change }: Change = {}): Observation {
  const vmi = sampleVmi((each) => {
    each.status = { phase: vmiPhase, nodeName: "node", ...(state && { migrationState: state }) };
  });
  const metadata = {
    name: "move",
    namespace: "default",
    uid: "m",
    finalizers: [finalizers.migration],
    ...(deleted && { deletionTimestamp: now }),
  };
  return {
    migration: { metadata, spec: { vmiName: "a" }, ...(phase && { status: { phase } }) },
    vmi,
    pods: [source],
    ...undisturbed,
    now,
    ...change,
  };
}

test("phases follow from the register and the target pod, one at a time", () => {
  const running = [source, named("target", "Running")];
  const started = { ...claimed, targetNode: "node", targetNodeAddress: "10.0.0.1", startTimestamp: now };
  const done = { ...started, targetNodeDomainDetected: true, completed: true };
  const table: [string, Change, string][] = [
    ["new", {}, "Pending"],
    ["waits", { phase: "Pending" }, "Pending"],
    ["claimed", { phase: "Pending", state: claimed }, "Scheduling"],
    [
      "its pod waits",
      { phase: "Scheduling", state: claimed, pods: [source, named("target", "Pending")] },
      "Scheduling",
    ],
    ["its pod runs", { phase: "Scheduling", state: claimed, pods: running }, "Scheduled"],
    ["handed over", { phase: "Scheduled", state: { ...claimed, targetNode: "node" } }, "PreparingTarget"],
    ["far ahead", { phase: "Scheduled", state: started }, "PreparingTarget"],
    ["started", { phase: "TargetReady", state: started }, "Running"],
    ["done", { phase: "Running", state: done }, "Succeeded"],
    ["failed from anywhere", { phase: "Scheduling", state: { ...claimed, failed: true, completed: true } }, "Failed"],
    ["another one's register", { phase: "Running", state: { ...done, migrationUid: "other" } }, "Failed"],
    ["no instance", { phase: "Running", vmiPhase: "Failed" }, "Failed"],
    ["ended stays ended", { phase: "Succeeded", vmiPhase: "Failed" }, "Succeeded"],
  ];
  for (const [what, change, expected] of table) assert.equal(decidePhase(observationOf(change)), expected, what);
});

test("one step at a time", () => {
  const target = named("target", "Running");
  const away = { ...claimed, targetNode: "node", targetNodeAddress: "10.0.0.1", startTimestamp: now };
  const given = { ...away, targetNodeDomainDetected: true };
  const old = named("target", "Pending", "2026-01-01T00:00:00Z");
  const unschedulable: Pod = {
    ...old,
    status: { ...old.status, conditions: [{ type: "PodScheduled", status: "False", message: "no room" }] },
  };
  const { migration } = observationOf({ phase: "Scheduling" });
  const annotations = { "kubevirt.io/migrationUnschedulablePodTimeoutSeconds": "3600" };
  const patient = { ...migration, metadata: { ...migration.metadata, annotations } };
  const table: [string, Change, string[]][] = [
    ["claims", { phase: "Pending" }, ["claim"]],
    ["waits for a place in the cluster", { phase: "Pending", others: { overall: 5, fromNode: 0 } }, []],
    ["waits for a place on the node", { phase: "Pending", others: { overall: 2, fromNode: 2 } }, []],
    ["waits for its predecessor", { phase: "Pending", hasOpenPredecessor: true }, []],
    ["waits for another", { phase: "Pending", state: { ...claimed, migrationUid: "other" } }, []],
    ["waits for the guest", { phase: "Pending", vmiPhase: "Scheduled" }, []],
    ["makes the target", { phase: "Scheduling", state: claimed }, ["createTarget"]],
    ["hands over", { phase: "Scheduled", state: claimed, pods: [source, target] }, ["handToTarget"]],
    ["leaves the rest to the agents", { phase: "Running", state: away, pods: [source, target] }, []],
    ["target ended", { phase: "Running", state: away, pods: [source, named("target", "Failed")] }, ["decideSource"]],
    ["target vanished", { phase: "Running", state: away }, ["decideSource"]],
    ["nowhere to go", { phase: "Scheduling", state: claimed, pods: [source, unschedulable] }, ["decideSource"]],
    [
      "told to be patient",
      { phase: "Scheduling", state: claimed, pods: [source, unschedulable], migration: patient },
      [],
    ],
    ["instance ended", { phase: "Running", state: away, pods: [source, target], vmiPhase: "Failed" }, ["decideSource"]],
    ["given away: nothing to decide", { phase: "Running", state: given, pods: [source, target] }, []],
    ["given away and lost", { phase: "Running", state: given, pods: [source], vmiPhase: "Failed" }, ["abandon"]],
    ["deleted before it began", { phase: "Pending", deleted: true }, ["removeFinalizer"]],
    [
      "deleted before it sends",
      { phase: "Scheduled", state: claimed, pods: [source, target], deleted: true },
      ["decideSource"],
    ],
    [
      "deleted while it sends",
      { phase: "Running", state: away, pods: [source, target], deleted: true },
      ["requestAbort"],
    ],
    ["ended", { phase: "Failed", state: { ...away, failed: true, completed: true } }, ["removeFinalizer"]],
  ];
  for (const [what, change, expected] of table) {
    const actions = plan(observationOf(change)).map(({ type }) => type);
    assert.deepEqual(actions, expected, what);
  }
});

test("the target is the launcher again, waiting, with the machine type that the guest knows, elsewhere if there is an elsewhere", () => {
  const { vmi, migration } = observationOf();
  const machine = { ...vmi, spec: vmi?.spec ?? { domain: { devices: {} } } };
  machine.status = {
    ...machine.status,
    machine: { type: "pc-q35-7.2" },
    conditions: [{ type: "SoftwareEmulation", status: "True" }],
  };
  const context = {
    launcherImage: "l",
    imageVolumes: true,
    configuration: defaultConfiguration,
    blockClaims: new Set<string>(),
  };
  const here = renderTargetPod(machine, migration, { ...context, hasOtherNodes: false });
  const command = here.spec?.containers[0]?.command?.join(" ") ?? "";
  assert.match(command, /-incoming defer/);
  assert.match(command, /-machine pc-q35-7\.2,/);
  assert.match(command, /-accel tcg/);
  assert.equal(here.spec?.affinity, undefined);
  assert.equal(here.metadata?.labels?.["kubevirt.io/migrationJobUID"], "m");
  machine.spec.domain.cpu = { sockets: 3, cores: 1, threads: 1, maxSockets: 4 };
  machine.spec.domain.memory = { guest: "2Gi", maxGuest: "4Gi" };
  machine.status = {
    ...machine.status,
    currentCPUTopology: { sockets: 2, cores: 1, threads: 1 },
    memory: { guestAtBoot: "1Gi", guestCurrent: "1Gi", guestRequested: "1Gi" },
  };
  const grown = renderTargetPod(machine, migration, { ...context, hasOtherNodes: false });
  const arguments_ = grown.spec?.containers[0]?.command?.join(" ") ?? "";
  assert.match(arguments_, /-smp 2,sockets=4.* -m size=1048584K,maxmem=4194312K/, "what the guest has");
  machine.metadata = { ...machine.metadata, annotations: { "vmpod.dev/sockets-at-boot": "1" } };
  const plugged = renderTargetPod(machine, migration, { ...context, hasOtherNodes: false });
  assert.match(plugged.spec?.containers[0]?.command?.join(" ") ?? "", /-smp 1,sockets=4/, "what it was booted with");
  assert.equal(grown.metadata?.annotations?.["vmpod.dev/room-for-sockets"], "3", "what it is to have");
  assert.ok(Number(grown.spec?.containers[0]?.resources?.requests?.["memory"]) > 2 * 1024 ** 3);
  const away = renderTargetPod(machine, migration, { ...context, hasOtherNodes: true });
  assert.equal(away.metadata?.name, here.metadata?.name);
  const [term] =
    away.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  assert.deepEqual(term?.matchExpressions, [{ key: "kubernetes.io/hostname", operator: "NotIn", values: ["node"] }]);
});

test("a node to be emptied is left, again after a while when it failed", () => {
  const evacuating = (change: Partial<Evacuation> = {}, status: object = {}): Evacuation => ({
    vmi: sampleVmi((vmi) => {
      const conditions = [{ type: "LiveMigratable", status: "True" as const }];
      vmi.status = { phase: "Running", nodeName: "node", evacuationNodeName: "node", conditions, ...status };
    }),
    migrations: [],
    evictionStrategy: "LiveMigrate",
    nowMs: Date.parse(now),
    ...change,
  });
  const failed = (endTimestamp: string): VirtualMachineInstanceMigration => ({
    metadata: { annotations: { "kubevirt.io/evacuationMigration": "node" } },
    spec: { vmiName: "a" },
    status: { phase: "Failed", migrationState: { endTimestamp } },
  });
  const table: [string, Evacuation, string[]][] = [
    ["leaves", evacuating(), ["node"]],
    ["is moved by somebody else", evacuating({ evictionStrategy: "External" }), []],
    ["has left", evacuating({}, { nodeName: "other" }), []],
    ["cannot", evacuating({}, { conditions: [] }), []],
    ["is on its way", evacuating({ migrations: [{ spec: { vmiName: "a" }, status: { phase: "Running" } }] }), []],
    ["failed just now", evacuating({ migrations: [failed("2026-01-01T00:09:50Z")] }), []],
    ["failed some time ago", evacuating({ migrations: [failed("2026-01-01T00:09:30Z")] }), ["node"]],
    ["failed twice", evacuating({ migrations: [failed("2026-01-01T00:09:00Z"), failed("2026-01-01T00:09:30Z")] }), []],
  ];
  for (const [what, evacuation, expected] of table) assert.deepEqual(planEvacuation(evacuation), expected, what);
});
