import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import { defaultUpdateStrategy, type UpdateMethod } from "../../../api/kubevirt/workload-update.ts";
import { type Observation, plan, type Workload } from "./plan.ts";

const nowMs = Date.parse("2026-01-01T00:10:00Z");

interface Machine {
  migratable?: boolean;
  marked?: boolean;
  outdated?: boolean;
  evacuating?: boolean;
  podName?: string | undefined;
  migrations?: VirtualMachineInstanceMigration[];
}

function workload(name: string, machine: Machine = {}): Workload {
  const { migratable = true, marked = true, outdated = true, evacuating, migrations = [] } = machine;
  const vmi = sampleVmi((each) => {
    each.metadata = {
      name,
      namespace: "default",
      ...(marked && { labels: { "kubevirt.io/outdatedLauncherImage": "" } }),
    };
    const conditions = [{ type: "LiveMigratable", status: migratable ? "True" : "False" } as const];
    each.status = { phase: "Running", conditions, ...(evacuating && { evacuationNodeName: "node" }) };
  });
  return { vmi, isOutdated: outdated, podName: "podName" in machine ? machine.podName : `pod-${name}`, migrations };
}

function actions(methods: UpdateMethod[], workloads: Workload[], change: Partial<Observation> = {}): string[] {
  const strategy = { ...defaultUpdateStrategy, methods, batchEvictionSize: 2 };
  const observation = { workloads, strategy, freeMigrations: 2, lastEvictionMs: 0, nowMs, ...change };
  return plan(observation).map((action) => {
    const name = action.vmi.metadata?.name ?? "";
    return action.type === "mark" ? `${action.outdated ? "mark" : "unmark"} ${name}` : `${action.type} ${name}`;
  });
}

const ended = (phase: string, endTimestamp: string): VirtualMachineInstanceMigration => ({
  metadata: { annotations: { "kubevirt.io/workloadUpdateMigration": "" } },
  spec: { vmiName: "a" },
  status: { phase, migrationState: { endTimestamp } },
});

test("what is outdated is marked, and no more once it is not", () => {
  const workloads = [workload("old", { marked: false }), workload("new", { outdated: false }), workload("known")];
  assert.deepEqual(actions([], workloads), ["mark old", "unmark new"]);
});

test("who can migrate does, as many as may at once; the others are evicted, a batch at a time", () => {
  const fixed = ["x", "y", "z"].map((name) => workload(name, { migratable: false }));
  const all = [workload("a"), workload("b"), workload("c"), ...fixed];
  assert.deepEqual(actions(["LiveMigrate"], all), ["migrate a", "migrate b"]);
  assert.deepEqual(actions(["LiveMigrate", "Evict"], all), ["migrate a", "migrate b", "evict x", "evict y"]);
  assert.deepEqual(actions(["Evict"], all), ["evict a", "evict b"]);
  assert.deepEqual(actions(["LiveMigrate"], all, { freeMigrations: -1 }), []);
  assert.deepEqual(actions(["Evict"], fixed, { lastEvictionMs: nowMs - 59_000 }), []);
  assert.deepEqual(actions(["Evict"], fixed, { lastEvictionMs: nowMs - 60_000 }), ["evict x", "evict y"]);
});

test("what is on its way, or leaves a node anyway, is left alone", () => {
  const running = { spec: { vmiName: "a" }, status: { phase: "Running" } };
  const workloads = [
    workload("moving", { migrations: [running] }),
    workload("leaving", { evacuating: true }),
    workload("between", { podName: undefined }),
  ];
  assert.deepEqual(actions(["LiveMigrate", "Evict"], workloads), []);
});

test("a migration in vain is tried again later, and never turned into an eviction", () => {
  const failedAt = (time: string) => [workload("a", { migrations: [ended("Failed", time)] })];
  assert.deepEqual(actions(["LiveMigrate", "Evict"], failedAt("2026-01-01T00:09:50Z")), []);
  assert.deepEqual(actions(["LiveMigrate", "Evict"], failedAt("2026-01-01T00:09:30Z")), ["migrate a"]);
});
