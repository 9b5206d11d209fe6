/**
 * The pool's controller against the model, with stale copies, crashes at any point and a user who changes her mind: there are never more
 * machines than were ever asked for, and left alone they become what was asked.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { nodes } from "../../../api/core.ts";
import { dataVolumes } from "../../../api/kubevirt/cdi-resources.ts";
import {
  type VirtualMachinePool,
  virtualMachineInstances,
  virtualMachinePools,
  virtualMachines,
} from "../../../api/kubevirt/resources.ts";
import { sampleSpec, sampleVm } from "../../../api/kubevirt/sample.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { controllerReference } from "../../runtime/owner-references.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { reconcilePartly } from "../reconcile-partly.fixture.ts";
import { createWorld, type World } from "../world.ts";
import { createPoolReconciler } from "./controller.ts";
import { keepVolumes } from "./keep-volumes.ts";
import { isUpToDate, type Observation } from "./observation.ts";
import type { Action } from "./plan.ts";

const signal = new AbortController().signal;
const events: EventRecorder = { record: () => undefined, flush: () => Promise.resolve() };
const kinds = [virtualMachinePools.plural, virtualMachines.plural] as const;
const mostMachines = 4;

type Step =
  | { type: "reconcile"; actions: number }
  | { type: "catchUp"; plural: (typeof kinds)[number] }
  | { type: "crash" }
  | { type: "scale"; replicas: number }
  | { type: "deleteOne"; which: number }
  | { type: "template"; guest: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant("reconcile" as const), actions: fc.nat({ max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("catchUp" as const), plural: fc.constantFrom(...kinds) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("crash" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("scale" as const), replicas: fc.nat({ max: mostMachines }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("deleteOne" as const), which: fc.nat({ max: 3 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("template" as const), guest: fc.constantFrom("128Mi", "192Mi") }),
  },
);

function poolOf(replicas: number, guest = "128Mi"): VirtualMachinePool {
  const labels = { app: "web" };
  const instance = sampleSpec(({ domain }) => {
    domain.memory = { guest };
  });
  const machine = { runStrategy: "Always", template: { metadata: { labels }, spec: instance } };
  return {
    apiVersion: "pool.kubevirt.io/v1beta1",
    kind: "VirtualMachinePool",
    metadata: { name: "web", namespace: "default", uid: "pool-uid" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      virtualMachineTemplate: { metadata: { labels }, spec: machine },
    },
  };
}

interface Scene {
  world: World;
  reconciler: Reconciler<Observation, Action>;
  mostAsked: number;
}

/** As after a crash: all that is known is what the server has. */
function startController(world: World): Reconciler<Observation, Action> {
  for (const plural of kinds) world.catchUp(plural);
  return createPoolReconciler({
    client: world.client,
    events,
    signal,
    informers: {
      pools: world.informer(virtualMachinePools),
      vms: world.informer(virtualMachines),
      vmis: world.informer(virtualMachineInstances),
      nodes: world.informer(nodes),
    },
  });
}

async function play(scene: Scene, { ...taken }: Step): Promise<void> {
  const { world } = scene;
  if (taken.type === "reconcile") await reconcilePartly(scene.reconciler, "default/web", taken.actions);
  else if (taken.type === "catchUp") world.catchUp(taken.plural);
  else if (taken.type === "crash") scene.reconciler = startController(world);
  else if (taken.type === "deleteOne") deleteOne(world, taken.which);
  else change(scene, taken);
}

function change(scene: Scene, taken: Extract<Step, { type: "scale" | "template" }>): void {
  const [pool] = scene.world.list(virtualMachinePools);
  if (pool === undefined) return;
  const spec =
    taken.type === "scale"
      ? { ...pool.spec, replicas: taken.replicas }
      : { ...poolOf(0, taken.guest).spec, replicas: pool.spec.replicas ?? 1 };
  scene.world.put(virtualMachinePools, { ...pool, spec });
  scene.mostAsked = Math.max(scene.mostAsked, spec.replicas ?? 1);
}

function deleteOne(world: World, which: number): void {
  const { name = "", namespace } = world.list(virtualMachines)[which]?.metadata ?? {};
  if (name !== "") world.remove(virtualMachines, { namespace, name });
}

test("never more machines than asked for, and in the end as many, of the newest template", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: "max" }), async (steps) => {
      const world = createWorld();
      world.put(virtualMachinePools, poolOf(2));
      const scene: Scene = { world, reconciler: startController(world), mostAsked: 2 };
      for (const taken of steps) {
        await play(scene, taken);
        assert.ok(world.list(virtualMachines).length <= scene.mostAsked, "too many machines");
      }
      for (let round = 0; round < 6; round += 1) {
        for (const plural of kinds) world.catchUp(plural);
        await reconcilePartly(scene.reconciler, "default/web", 99);
      }
      const [pool] = world.list(virtualMachinePools);
      const machines = world.list(virtualMachines);
      assert.equal(machines.length, pool?.spec.replicas);
      assert.ok(machines.every((vm) => pool && isUpToDate(pool, vm)));
      assert.equal(pool?.status?.replicas, machines.length);
    }),
    { numRuns: 200 },
  );
});

test("what was made for a machine that goes can be kept", async () => {
  const world = createWorld();
  const vm = sampleVm(({ spec }) => {
    spec.dataVolumeTemplates = [{ metadata: { name: "disk" }, spec: {} }];
  });
  const owned = (name: string, uid: string) => {
    const owner = { ...vm, metadata: { ...vm.metadata, uid } };
    const ownerReferences = [controllerReference(virtualMachines, owner)];
    world.put(dataVolumes, { metadata: { name, namespace: "default", uid: name, ownerReferences }, spec: {} });
  };
  owned("disk", "vm-uid");
  owned("other", "other-uid");
  await keepVolumes(world.client, vm, signal);
  const owners = world.list(dataVolumes).map(({ metadata }) => [metadata?.name, metadata?.ownerReferences?.length]);
  assert.deepEqual(owners, [
    ["disk", 0],
    ["other", 1],
  ]);
});
