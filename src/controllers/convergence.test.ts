/**
 * Both controllers against the model, in any order, with stale copies, lost answers, crashes and a user who changes
 * her mind: at every moment at most one launcher pod of the machine is alive, and left alone it becomes what was asked.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../base/property.fixture.ts";
import { controllerRevisions } from "../../api/apps.ts";
import { nodes, persistentVolumeClaims, type Pod, pods } from "../../api/core.ts";
import { defaultConfiguration } from "../../api/kubevirt/configuration.ts";
import { defaultVirtualMachineInstance } from "../../api/kubevirt/defaults/vmi.ts";
import { finalizers, labels } from "../../api/kubevirt/names.ts";
import { virtualMachineInstances, virtualMachines } from "../../api/kubevirt/resources.ts";
import { sampleUuid, sampleVm } from "../../api/kubevirt/sample.ts";
import { startRequest, stopRequest } from "../../api/kubevirt/state-change.ts";
import type { VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import type { KubeObject, Resource } from "../../api/meta.ts";
import type { Client } from "../client/client.ts";
import type { EventRecorder } from "../runtime/event-recorder.ts";
import type { Reconciler } from "../runtime/reconciler.ts";
import { createVmReconciler } from "./virtualmachine/controller.ts";
import { noAutoLimits } from "./virtualmachineinstance/launcher/auto-limits.ts";
import { createVmiReconciler } from "./virtualmachineinstance/controller.ts";
import { hasEnded } from "./virtualmachineinstance/observation.ts";
import { podIndexes } from "./virtualmachineinstance/observe.ts";
import { reconcilePartly } from "./reconcile-partly.fixture.ts";
import { createWorld, type World } from "./world.ts";

const key = { namespace: "default", name: "a" };
const nodeName = "node";
const now = "2026-01-01T00:00:00Z";
const events: EventRecorder = { record: () => undefined, flush: () => Promise.resolve() };
const kinds = ["virtualmachines", "virtualmachineinstances", "pods"] as const;

type Step =
  | { type: "reconcile"; which: "vm" | "vmi"; actions: number }
  | { type: "catchUp"; plural: (typeof kinds)[number] }
  | { type: "kubelet"; fails: boolean }
  | { type: "user"; wish: "halt" | "run" | "restart" | "deleteVmi" | "deletePod" | "recreate" };

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("reconcile" as const),
      which: fc.constantFrom("vm" as const, "vmi" as const),
      actions: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constant("catchUp" as const), plural: fc.constantFrom(...kinds) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("kubelet" as const), fails: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("user" as const),
      wish: fc.constantFrom(
        "halt" as const,
        "run" as const,
        "restart" as const,
        "deleteVmi" as const,
        "deletePod" as const,
        "recreate" as const,
      ),
    }),
  },
);

test("at most one launcher lives, and the machine becomes what was asked", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { minLength: 10, maxLength: 80, size: "max" }), async (steps) => {
      const scene = createScene();
      for (const step of steps) {
        await play(scene, step);
        assertOneLauncher(scene.world);
      }
      await settle(scene);
      assertAsAsked(scene.world);
    }),
    { numRuns: 200 },
  );
});

interface Scene {
  world: World;
  reconcilers: { vm: Reconciler<unknown, unknown>; vmi: Reconciler<unknown, unknown> };
}

function createScene(): Scene {
  const world = createWorld();
  world.put(nodes, { metadata: { name: nodeName } });
  createVm(world);
  for (const plural of [...kinds, "nodes"]) world.catchUp(plural);
  const signal = new AbortController().signal;
  const vmis = world.informer(virtualMachineInstances);
  const claims = world.informer(persistentVolumeClaims);
  const client = admitting(world.client);
  const vm = createVmReconciler({
    client,
    events,
    signal,
    configuration: () => defaultConfiguration,
    podsCanGrow: true,
    informers: {
      vms: world.informer(virtualMachines),
      vmis,
      claims,
      revisions: world.informer(controllerRevisions),
    },
  });
  const vmi = createVmiReconciler({
    client,
    events,
    signal,
    launcherImage: "launcher",
    imageVolumes: true,
    podsCanGrow: true,
    configuration: () => defaultConfiguration,
    autoLimits: () => Promise.resolve(noAutoLimits),
    informers: { vmis, claims, pods: world.informer(pods, podIndexes), nodes: world.informer(nodes) },
  });
  return { world, reconcilers: { vm, vmi } };
}

let machines = 0;

function createVm(world: World): void {
  machines += 1;
  const vm = sampleVm();
  world.put(virtualMachines, {
    ...vm,
    metadata: { ...vm.metadata, uid: `vm-${machines}`, finalizers: [finalizers.virtualMachine] },
  });
}

/** What admission does to an instance on its way in. */
function admitting(client: Client): Client {
  const create: Client["create"] = (resource, object, options) => {
    const isInstance = resource.plural === virtualMachineInstances.plural;
    const context = { configuration: defaultConfiguration, newUuid: () => sampleUuid, now };
    const admitted = isInstance
      ? defaultVirtualMachineInstance(object as unknown as VirtualMachineInstance, context)
      : object;
    return client.create(resource, admitted as typeof object, options);
  };
  return { ...client, create };
}

async function play(scene: Scene, step: Step): Promise<void> {
  if (step.type === "reconcile") await reconcilePartly(scene.reconcilers[step.which], "default/a", step.actions);
  else if (step.type === "catchUp") scene.world.catchUp(step.plural);
  else if (step.type === "kubelet") kubelet(scene.world, step.fails);
  else user(scene.world, step.wish);
  collectGarbage(scene.world);
}

/** The kubelet and the node agent: pods start, end when they are to, and sometimes fail. */
function kubelet(world: World, fails: boolean): void {
  for (const pod of world.list(pods)) {
    if (pod.metadata?.deletionTimestamp) world.remove(pods, pod.metadata as { name: string });
    else if (!hasEnded(pod)) world.put(pods, advanced(pod, fails));
  }
  for (const vmi of world.list(virtualMachineInstances)) {
    if (vmi.status?.phase === "Scheduled")
      world.put(virtualMachineInstances, { ...vmi, status: { ...vmi.status, phase: "Running" } });
  }
}

function advanced(pod: Pod, fails: boolean): Pod {
  const spec = { ...pod.spec, nodeName } as Pod["spec"];
  if (fails) return { ...pod, spec, status: { phase: "Failed" } };
  const status = { name: "compute", image: "", imageID: "", ready: true, restartCount: 0, state: { running: {} } };
  return { ...pod, spec, status: { phase: "Running", containerStatuses: [status] } };
}

function user(world: World, wish: Extract<Step, { type: "user" }>["wish"]): void {
  const [vm] = world.list(virtualMachines);
  const [vmi] = world.list(virtualMachineInstances);
  if (wish === "recreate") return vm === undefined ? createVm(world) : markDeleted(world, virtualMachines, vm);
  if (wish === "deletePod") for (const pod of world.list(pods)) markDeleted(world, pods, pod);
  if (wish === "deleteVmi" && vmi) markDeleted(world, virtualMachineInstances, vmi);
  if (vm === undefined) return;
  if (wish === "halt" || wish === "run") {
    const runStrategy = wish === "halt" ? "Halted" : "Always";
    world.put(virtualMachines, { ...vm, spec: { ...vm.spec, runStrategy } });
  }
  if (wish === "restart" && vmi?.metadata?.uid) {
    const stateChangeRequests = [stopRequest(vmi.metadata.uid), startRequest()];
    world.put(virtualMachines, { ...vm, status: { ...vm.status, stateChangeRequests } });
  }
}

function markDeleted(world: World, resource: Resource, object: KubeObject): void {
  const grace = resource.plural === "pods" ? { deletionGracePeriodSeconds: 30 } : {};
  world.put(resource, { ...object, metadata: { ...object.metadata, deletionTimestamp: now, ...grace } });
}

/** Asks pods to go whose instance is gone; they still take their time. */
function collectGarbage(world: World): void {
  const uids = new Set(world.list(virtualMachineInstances).map((vmi) => vmi.metadata?.uid));
  for (const pod of world.list(pods)) {
    const orphaned = !uids.has(pod.metadata?.labels?.[labels.createdBy]);
    if (orphaned && !pod.metadata?.deletionTimestamp) markDeleted(world, pods, pod);
  }
}

function assertOneLauncher(world: World): void {
  const alive = world.list(pods).filter((pod) => !hasEnded(pod));
  assert.ok(alive.length <= 1, `two launchers live: ${alive.map((pod) => pod.metadata?.name).join(", ")}`);
}

/** No more faults: everybody sees everything and does its work. The back-off of a crash loop is over as well. */
async function settle({ world, reconcilers }: Scene): Promise<void> {
  for (let round = 0; round < 30; round++) {
    for (const plural of kinds) world.catchUp(plural);
    for (const vm of world.list(virtualMachines)) {
      const status = { ...vm.status };
      if (status.startFailure) status.startFailure = { ...status.startFailure, retryAfterTimestamp: now };
      world.put(virtualMachines, { ...vm, status });
    }
    world.catchUp("virtualmachines");
    await reconcilePartly(reconcilers.vm, "default/a", 9);
    world.catchUp("virtualmachineinstances");
    await reconcilePartly(reconcilers.vmi, "default/a", 9);
    kubelet(world, false);
    collectGarbage(world);
    assertOneLauncher(world);
  }
}

function assertAsAsked(world: World): void {
  const [vm] = world.list(virtualMachines);
  const [vmi] = world.list(virtualMachineInstances);
  const running = vm?.spec.runStrategy === "Always" && key.name === vm.metadata?.name;
  assert.equal(vmi?.status?.phase, running ? "Running" : undefined);
  assert.equal(vm?.status?.printableStatus, vm && (running ? "Running" : "Stopped"));
  assert.equal(world.list(pods).filter((pod) => !hasEnded(pod)).length, running ? 1 : 0);
}
