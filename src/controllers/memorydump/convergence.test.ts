/**
 * The controller against the model, with stale copies, crashes at any point, machines that end and users who change their minds: left alone,
 * every dump comes to an end, and nothing holds its claim then.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { persistentVolumeClaims, type Pod, pods } from "../../../api/core.ts";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import {
  dumpVolumeOf,
  isFinalDump,
  type MemoryDumpRequest,
  type VolumeStatus,
} from "../../../api/kubevirt/memory-dump.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import { sampleVm, sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { controllerReference, isControlledBy } from "../../runtime/owner-references.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { reconcilePartly } from "../reconcile-partly.fixture.ts";
import { createWorld, type World } from "../world.ts";
import { createMemoryDumpReconciler, dumpPodIndexes } from "./controller.ts";
import type { Observation } from "./observation.ts";
import type { Action } from "./plan.ts";

const signal = new AbortController().signal;
const events: EventRecorder = { record: () => undefined, flush: () => Promise.resolve() };
const kinds = [virtualMachines.plural, virtualMachineInstances.plural, pods.plural] as const;
const key = { namespace: "default", name: "a" };

type Step =
  | { type: "reconcile"; actions: number }
  | { type: "catchUp"; plural: (typeof kinds)[number] }
  | { type: "crash" | "agent" | "end" | "renew" | "ask" | "remove" | "reap" }
  | { type: "pod"; succeeds: boolean };

const simple = (...types: ("crash" | "agent" | "end" | "renew" | "ask" | "remove" | "reap")[]) =>
  fc.record({ type: fc.constantFrom(...types) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant("reconcile" as const), actions: fc.nat({ max: 3 }) }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant("catchUp" as const), plural: fc.constantFrom(...kinds) }) },
  { weight: 6, arbitrary: simple("agent", "reap") },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("pod" as const), succeeds: fc.boolean() }) },
  { weight: 1, arbitrary: simple("crash", "end", "renew", "ask", "remove") },
);

interface Scene {
  world: World;
  reconciler: Reconciler<Observation, Action>;
  instances: number;
}

function startController(world: World): Reconciler<Observation, Action> {
  for (const plural of kinds) world.catchUp(plural);
  return createMemoryDumpReconciler({
    client: world.client,
    events,
    signal,
    launcherImage: "launcher",
    configuration: () => defaultConfiguration,
    informers: {
      vms: world.informer(virtualMachines),
      vmis: world.informer(virtualMachineInstances),
      dumpPods: world.informer(pods, dumpPodIndexes),
      claims: world.informer(persistentVolumeClaims),
    },
  });
}

const plays: Record<Exclude<Step["type"], "reconcile" | "catchUp" | "pod">, (scene: Scene) => void> = {
  crash: (scene) => void (scene.reconciler = startController(scene.world)),
  agent: ({ world }) => report(world),
  end: ({ world }) => putInstance(world, (vmi) => ({ ...vmi, status: { ...vmi.status, phase: "Failed" } })),
  renew: (scene) => {
    scene.instances += 1;
    scene.world.remove(virtualMachineInstances, key);
    addInstance(scene);
  },
  ask: ({ world }) =>
    putRequest(world, (before) =>
      before === undefined || ["Completed", "Failed"].includes(before.phase)
        ? { claimName: "claim", phase: "Associating" }
        : before,
    ),
  remove: ({ world }) =>
    putRequest(world, (before) => before && { claimName: before.claimName, phase: "Dissociating", remove: true }),
  reap: ({ world }) => {
    for (const { metadata } of world.list(pods))
      if (metadata?.deletionTimestamp) world.remove(pods, { ...key, name: metadata.name ?? "" });
  },
};

async function play(scene: Scene, taken: Step): Promise<void> {
  if (taken.type === "reconcile") await reconcilePartly(scene.reconciler, "default/a", taken.actions);
  else if (taken.type === "catchUp") scene.world.catchUp(taken.plural);
  else if (taken.type === "pod") movePod(scene.world, taken.succeeds);
  else plays[taken.type](scene);
}

function putRequest(world: World, change: (before?: MemoryDumpRequest) => MemoryDumpRequest | undefined): void {
  const [vm] = world.list(virtualMachines);
  if (vm) world.put(virtualMachines, { ...vm, status: { memoryDumpRequest: change(vm.status?.memoryDumpRequest) } });
}

type Instance = ReturnType<typeof sampleVmi>;

function putInstance(world: World, change: (vmi: Instance) => Instance): void {
  const [vmi] = world.list(virtualMachineInstances);
  if (vmi) world.put(virtualMachineInstances, change(vmi));
}

function addInstance({ world, instances }: Scene): void {
  const instance = sampleVmi((vmi) => {
    const ownerReferences = [controllerReference(virtualMachines, sampleVm())];
    vmi.metadata = { ...vmi.metadata, uid: `vmi-${instances}`, ownerReferences };
    vmi.status = { phase: "Running", nodeName: "node" };
  });
  world.put(virtualMachineInstances, instance);
}

/** As the kubelet: pending, running, ended. */
function movePod(world: World, succeeds: boolean): void {
  const [pod] = world.list(pods);
  if (pod === undefined) return;
  const phase = pod.status?.phase === "Running" ? (succeeds ? "Succeeded" : "Failed") : "Running";
  if (!isOver(pod)) world.put(pods, { ...pod, status: { phase } });
}

const isOver = ({ status }: Pod): boolean => status?.phase === "Succeeded" || status?.phase === "Failed";

/** As the node agent: of the pod of this instance, while it is asked. */
function report(world: World): void {
  putInstance(world, (vmi) => {
    if (vmi.status?.phase !== "Running") return vmi;
    const volume = dumpVolumeOf(vmi.spec);
    const [before] = vmi.status.volumeStatus ?? [];
    const entry = volume && before && isFinalDump(before) ? before : entryOf(world, vmi);
    return { ...vmi, status: { ...vmi.status, volumeStatus: volume && entry ? [entry] : [] } };
  });
}

function entryOf(world: World, vmi: Instance): VolumeStatus | undefined {
  const pod = world.list(pods).find((each) => isControlledBy(each, vmi) && !each.metadata?.deletionTimestamp);
  if (pod?.status?.phase === undefined) return undefined;
  const ends: Record<string, string> = { Succeeded: "MemoryDumpCompleted", Failed: "MemoryDumpFailed" };
  const memoryDumpVolume = { claimName: "claim", targetFileName: "file" };
  const phase = ends[pod.status.phase] ?? "MemoryDumpInProgress";
  return { name: "claim", phase, memoryDumpVolume };
}

async function settle(scene: Scene): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    for (const plural of kinds) scene.world.catchUp(plural);
    await reconcilePartly(scene.reconciler, "default/a", 99);
    movePod(scene.world, true);
    for (const type of ["agent", "reap"] as const) plays[type](scene);
  }
}

function newScene(): Scene {
  const world = createWorld();
  world.put(virtualMachines, sampleVm());
  const scene = { world, instances: 0, reconciler: startController(world) };
  addInstance(scene);
  plays.ask(scene);
  return scene;
}

function outcome({ world }: Scene) {
  const [vm] = world.list(virtualMachines);
  const [vmi] = world.list(virtualMachineInstances);
  return { request: vm?.status?.memoryDumpRequest, vm, vmi, pods: world.list(pods) };
}

test("left alone, a dump is completed", async () => {
  const scene = newScene();
  await settle(scene);
  const { request, vm } = outcome(scene);
  assert.deepEqual(request, { claimName: "claim", phase: "Completed", fileName: "file" });
  assert.equal(vm && dumpVolumeOf(vm.spec.template.spec)?.name, "claim");
});

test("whatever happens meanwhile, every dump comes to an end, and lets go of its claim", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: "max" }), async (steps) => {
      const scene = newScene();
      for (const taken of steps) await play(scene, taken);
      await settle(scene);
      const { request, vm, vmi, pods: left } = outcome(scene);
      assert.ok(["Completed", "Failed", undefined].includes(request?.phase), JSON.stringify(request));
      assert.equal(request?.phase === "Completed", request?.fileName !== undefined);
      assert.deepEqual(left, []);
      assert.equal(vmi && dumpVolumeOf(vmi.spec), undefined);
      if (request === undefined) assert.equal(vm && dumpVolumeOf(vm.spec.template.spec), undefined);
    }),
    { numRuns: 200 },
  );
});
