import assert from "node:assert/strict";
import { test } from "node:test";
import { nodes, persistentVolumeClaims, pods } from "../../../api/core.ts";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import {
  kubeVirts,
  virtualMachineInstanceMigrations,
  virtualMachineInstances,
} from "../../../api/kubevirt/resources.ts";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import type { Client } from "../../client/client.ts";
import { migrationIndexes } from "../migration/observe.ts";
import { podIndexes } from "../virtualmachineinstance/observe.ts";
import type { LauncherPod } from "../virtualmachineinstance/launcher/launcher.ts";
import { podIn } from "../virtualmachineinstance/sample.ts";
import { createWorld } from "../world.ts";
import { createWorkloadUpdateReconciler } from "./controller.ts";

const never = new AbortController().signal;

/** Machines that run an older launcher, and a controller that migrates them. */
function scene(machines: readonly string[]) {
  const world = createWorld();
  const metadata = { name: "kubevirt", namespace: "kubevirt" };
  world.put(kubeVirts, { metadata, spec: { workloadUpdateStrategy: { workloadUpdateMethods: ["LiveMigrate"] } } });
  for (const name of machines) {
    const vmi = sampleVmi((each) => {
      each.metadata = { name, namespace: "default", uid: name, labels: { [labels.outdatedLauncherImage]: "" } };
      const conditions = [{ type: "LiveMigratable", status: "True" } as const];
      each.status = { phase: "Running", nodeName: "node", launcherContainerImageVersion: "old", conditions };
    });
    world.put(virtualMachineInstances, vmi);
    const pod = { name: `pod-${name}`, uid: `pod-${name}`, labels: { [labels.createdBy]: name } };
    world.put(pods, podIn("Running", { metadata: pod }));
  }
  let made = 0;
  const create = (resource: Resource, object: KubeObject) => {
    made += 1;
    const named = { ...object, metadata: { ...object.metadata, name: `${object.metadata?.generateName}${made}` } };
    return world.client.create(resource, named);
  };
  const copies = {
    vmis: world.informer(virtualMachineInstances),
    pods: world.informer<LauncherPod>(pods, podIndexes),
    claims: world.informer(persistentVolumeClaims),
    nodes: world.informer(nodes),
    migrations: world.informer(virtualMachineInstanceMigrations, migrationIndexes),
  };
  const reconciler = createWorkloadUpdateReconciler({
    client: { ...world.client, create } as Client,
    informers: copies,
    kubeVirts: world.informer(kubeVirts),
    events: { record: () => undefined, flush: () => Promise.resolve() },
    launcherImage: "new",
    evictionVersion: "v1",
    configuration: () => ({
      ...defaultConfiguration,
      migrations: { ...defaultConfiguration.migrations, parallelMigrationsPerCluster: 2 },
    }),
    signal: never,
  });
  for (const { plural } of [kubeVirts, virtualMachineInstances, pods]) world.catchUp(plural);
  return {
    world,
    pass: async () => {
      const observation = await reconciler.observe("workloads", never);
      assert.ok(observation);
      for (const action of reconciler.plan(observation)) await reconciler.execute(action, never);
      return world.list(virtualMachineInstanceMigrations).map(({ spec }) => spec?.vmiName);
    },
  };
}

test("no more migrations wait for their turn than may be on at once", async () => {
  const { world, pass } = scene(["a", "b", "c", "d"]);
  assert.deepEqual(await pass(), ["a", "b"]);
  assert.deepEqual(await pass(), ["a", "b"], "with a copy that shows none of them yet");
  world.catchUp(virtualMachineInstanceMigrations.plural);
  assert.deepEqual(await pass(), ["a", "b"], "with none of them claimed yet");
  for (const migration of world.list(virtualMachineInstanceMigrations)) {
    const migrationState = { endTimestamp: new Date().toISOString() };
    world.put(virtualMachineInstanceMigrations, { ...migration, status: { phase: "Failed", migrationState } });
  }
  world.catchUp(virtualMachineInstanceMigrations.plural);
  assert.deepEqual(await pass(), ["a", "b", "c", "d"], "with both over, and to be tried again later");
});
