import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceStatus } from "../../../api/kubevirt/types.ts";
import { type PodDisruptionBudget, podDisruptionBudgets } from "../../../api/policy.ts";
import { podIn } from "../virtualmachineinstance/sample.ts";
import { budgetName, type Observation, plan, protectedName, renderBudget } from "./budget.ts";

const one = podIn("Running");
const gone = podIn("Running", { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } });

function machine(evictionStrategy: string | undefined, status: VirtualMachineInstanceStatus = {}) {
  return sampleVmi((vmi) => {
    vmi.metadata = { ...vmi.metadata, uid: "machine" };
    if (evictionStrategy !== undefined) vmi.spec.evictionStrategy = evictionStrategy;
    vmi.status = { phase: "Running", nodeName: "node", ...status };
  });
}

const migratable: VirtualMachineInstanceStatus = { conditions: [{ type: "LiveMigratable", status: "True" }] };
const moving: VirtualMachineInstanceStatus = { migrationState: { migrationUid: "m", sourcePod: "a", targetPod: "b" } };
const moved: VirtualMachineInstanceStatus = { migrationState: { ...moving.migrationState, completed: true } };

function budgetOf(vmi: VirtualMachineInstance, minAvailable = 1): PodDisruptionBudget {
  return renderBudget(podDisruptionBudgets, vmi, minAvailable);
}

const live = machine("LiveMigrate");
const earlier = sampleVmi((vmi) => {
  vmi.metadata = { ...vmi.metadata, uid: "earlier" };
});

const table: [what: string, change: Partial<Observation> & { vmi: VirtualMachineInstance }, actions: string[]][] = [
  ["may be evicted", { vmi: machine(undefined) }, []],
  ["may be evicted, and was held", { vmi: machine("None"), budget: budgetOf(live) }, ["delete"]],
  ["held, movable or not", { vmi: live }, ["create 1"]],
  [
    "held by the cluster's configuration",
    { vmi: machine(undefined), configuration: strategy("External") },
    ["create 1"],
  ],
  ["cannot move", { vmi: machine("LiveMigrateIfPossible") }, []],
  ["can move", { vmi: machine("LiveMigrateIfPossible", migratable) }, ["create 1"]],
  ["is well", { vmi: live, budget: budgetOf(live) }, []],
  ["moves", { vmi: machine("LiveMigrate", moving), budget: budgetOf(live) }, ["resize 2"]],
  [
    "has moved, but its old launcher is still there",
    { vmi: machine("LiveMigrate", moved), pods: [one, one], budget: budgetOf(live, 2) },
    [],
  ],
  [
    "has moved, and its old launcher goes",
    { vmi: machine("LiveMigrate", moved), pods: [gone, one], budget: budgetOf(live, 2) },
    ["resize 1"],
  ],
  ["has ended", { vmi: machine("LiveMigrate", { phase: "Succeeded" }), budget: budgetOf(live) }, ["delete"]],
  ["an earlier machine's", { vmi: live, budget: budgetOf(earlier) }, ["delete"]],
];

for (const [what, change, actions] of table) {
  test(`a machine's budget: ${what}`, () => {
    const observation = { pods: [one], budget: undefined, configuration: strategy(undefined), ...change };
    const told = plan(observation).map((action) =>
      action.type === "delete" ? action.type : `${action.type} ${action.minAvailable}`,
    );
    assert.deepEqual(told, actions);
  });
}

test("a budget is the machine's, in the version that the server has", () => {
  const budget = renderBudget({ ...podDisruptionBudgets, version: "v1beta1" }, live, 1);
  assert.equal(budget.apiVersion, "policy/v1beta1");
  assert.deepEqual(budget.spec?.selector, { matchLabels: { "kubevirt.io/created-by": "machine" } });
  assert.equal(budget.metadata?.ownerReferences?.[0]?.uid, "machine");
  assert.equal(protectedName(budgetName("a")), "a");
});

function strategy(evictionStrategy: string | undefined): Observation["configuration"] {
  return { evictionStrategy };
}
