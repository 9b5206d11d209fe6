import assert from "node:assert/strict";
import { test } from "node:test";
import { nodes, persistentVolumeClaims, pods } from "../../../api/core.ts";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import {
  virtualMachineInstanceMigrations,
  virtualMachineInstances,
  type VirtualMachineInstanceMigration,
} from "../../../api/kubevirt/resources.ts";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { LauncherPod } from "../virtualmachineinstance/launcher/launcher.ts";
import { createWorld } from "../world.ts";
import { migrationIndexes, observe } from "./observe.ts";

const migrationOf = (name: string, vmiName: string, phase: string): VirtualMachineInstanceMigration => ({
  metadata: { namespace: "default", name, uid: name },
  spec: { vmiName },
  status: { phase },
});

function worldOf() {
  const world = createWorld();
  const recentClaims = new Map([["moving", "node"]]);
  const informers = {
    vmis: world.informer(virtualMachineInstances),
    pods: world.informer<LauncherPod>(pods),
    claims: world.informer(persistentVolumeClaims),
    nodes: world.informer(nodes),
    migrations: world.informer(virtualMachineInstanceMigrations, migrationIndexes),
  };
  const others = () => {
    for (const plural of ["virtualmachineinstances", "virtualmachineinstancemigrations"]) world.catchUp(plural);
    return observe({ informers, configuration: () => defaultConfiguration, recentClaims }, "default/waiting")?.others;
  };
  world.put(virtualMachineInstanceMigrations, migrationOf("moving", "gone", "Pending"));
  world.put(virtualMachineInstanceMigrations, migrationOf("waiting", "a", "Pending"));
  const vmi = sampleVmi((each) => {
    each.status = { phase: "Running", nodeName: "node" };
  });
  world.put(virtualMachineInstances, { ...vmi, metadata: { ...vmi.metadata, namespace: "default", name: "a" } });
  return { world, others };
}

test("a claim counts until the copies show it", () => {
  const { others } = worldOf();
  assert.deepEqual(others(), { overall: 1, fromNode: 1 });
});

for (const [what, after] of [
  ["is over", (): VirtualMachineInstanceMigration | undefined => migrationOf("moving", "gone", "Failed")],
  ["is gone", () => undefined],
] as const) {
  test(`a claim that no copy ever showed is forgotten when its migration ${what}`, () => {
    const { world, others } = worldOf();
    const migration = after();
    if (migration) world.put(virtualMachineInstanceMigrations, migration);
    else world.remove(virtualMachineInstanceMigrations, { namespace: "default", name: "moving" });
    assert.deepEqual(others(), { overall: 0, fromNode: 0 });
  });
}
