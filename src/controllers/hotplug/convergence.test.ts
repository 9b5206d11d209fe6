/**
 * The controller against the model, with stale copies, crashes at any point, claims that come and go and users who change their minds: a claim
 * is never taken from a guest that has its disk, and left alone the guest has the disks that its instance names, and nothing else is left.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { type PersistentVolumeClaim, persistentVolumeClaims, type Pod, pods } from "../../../api/core.ts";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import {
  asMounted,
  claimOf,
  hotplugPhases,
  hotpluggableVolumes,
  isReleased,
  isUnmounted,
  pluggedStatus,
  type PluggedVolume,
  volumeOf,
  type VolumeStatus,
} from "../../../api/kubevirt/hotplug-volume.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import type { LauncherPod } from "../virtualmachineinstance/launcher/launcher.ts";
import { podIndexes } from "../virtualmachineinstance/observe.ts";
import { reconcilePartly } from "../reconcile-partly.fixture.ts";
import { createWorld, type World } from "../world.ts";
import { attachmentIndexes, createHotplugReconciler } from "./controller.ts";
import type { Observation } from "./observation.ts";
import type { Action } from "./plan.ts";

const signal = new AbortController().signal;
const events: EventRecorder = { record: () => undefined, flush: () => Promise.resolve() };
const kinds = [virtualMachineInstances.plural, pods.plural, persistentVolumeClaims.plural] as const;
const volumes: readonly PluggedVolume[] = [
  { name: "a", claimName: "one" },
  { name: "b", claimName: "two" },
  { name: "a", claimName: "two" },
];

type Instance = ReturnType<typeof sampleVmi>;
type Simple = "crash" | "agent" | "letGo" | "end" | "reap" | "start" | "evict";
type Step =
  | { type: "reconcile"; actions: number }
  | { type: "catchUp"; plural: (typeof kinds)[number] }
  | { type: "add" | "remove"; volume: PluggedVolume }
  | { type: "claim"; name: string; isBlock: boolean }
  | { type: Simple };

const simple = (...types: Simple[]) => fc.record({ type: fc.constantFrom(...types) });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant("reconcile" as const), actions: fc.nat({ max: 3 }) }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant("catchUp" as const), plural: fc.constantFrom(...kinds) }) },
  { weight: 10, arbitrary: simple("agent", "letGo", "reap", "start") },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom("add" as const, "remove" as const),
      volume: fc.constantFrom(...volumes),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("claim" as const),
      name: fc.constantFrom("one", "two"),
      isBlock: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: simple("crash", "end", "evict") },
);

interface Scene {
  world: World;
  reconciler: Reconciler<Observation, Action>;
  /** What the guest has: names of volumes, with their claims. */
  disks: Map<string, string>;
}

function startController(world: World): Reconciler<Observation, Action> {
  for (const plural of kinds) world.catchUp(plural);
  return createHotplugReconciler({
    client: world.client,
    events,
    signal,
    launcherImage: "launcher",
    configuration: () => defaultConfiguration,
    informers: {
      vmis: world.informer(virtualMachineInstances),
      pods: world.informer<LauncherPod>(pods, podIndexes),
      attachments: world.informer(pods, attachmentIndexes),
      claims: world.informer(persistentVolumeClaims),
    },
  });
}

function instanceOf(world: World): Instance {
  const [vmi] = world.list(virtualMachineInstances);
  assert.ok(vmi);
  return vmi;
}

const attachmentsOf = (world: World): Pod[] => world.list(pods).filter((pod) => volumeOf(pod) !== "");
const wantedOf = (vmi: Instance): PluggedVolume[] =>
  hotpluggableVolumes(vmi.spec).map(({ name, persistentVolumeClaim }) => ({
    name,
    claimName: persistentVolumeClaim?.claimName ?? "",
  }));

const plays: Record<Simple, (scene: Scene) => void> = {
  crash: (scene) => void (scene.reconciler = startController(scene.world)),
  agent: (scene) => report(scene),
  letGo: ({ world, disks }) => {
    const wanted = wantedOf(instanceOf(world));
    for (const [name, claimName] of disks)
      if (!wanted.some((each) => each.name === name && each.claimName === claimName)) disks.delete(name);
  },
  end: ({ world, disks }) => {
    const vmi = instanceOf(world);
    world.put(virtualMachineInstances, { ...vmi, status: { ...vmi.status, phase: "Failed" } });
    disks.clear();
  },
  reap: ({ world }) => {
    for (const { metadata } of world.list(pods))
      if (metadata?.deletionTimestamp) world.remove(pods, { namespace: "default", name: metadata.name ?? "" });
  },
  start: ({ world }) => {
    for (const pod of attachmentsOf(world))
      if (!pod.status?.phase && !pod.metadata?.deletionTimestamp && pod.spec)
        world.put(pods, { ...pod, spec: { ...pod.spec, nodeName: "node" }, status: { phase: "Running" } });
  },
  evict: ({ world }) => {
    const [pod] = attachmentsOf(world);
    if (pod?.status?.phase === "Running") world.put(pods, { ...pod, status: { phase: "Failed" } });
  },
};

/** As the node agent: what it says is stored before what it does, and by that version only which it has looked at. */
function report({ world, disks }: Scene): void {
  const vmi = instanceOf(world);
  if (vmi.status?.phase !== "Running") return;
  const serverOf = (volume: PluggedVolume): Pod | undefined =>
    attachmentsOf(world).find(
      (pod) =>
        volumeOf(pod) === volume.name &&
        claimOf(pod) === volume.claimName &&
        pod.status?.phase === "Running" &&
        !isReleased(vmi, pod) &&
        !pod.metadata?.deletionTimestamp,
    );
  const { pending, mountedToPod, ready, detaching } = hotplugPhases;
  const entry = ({ name, claimName }: PluggedVolume, phase: string): VolumeStatus => ({
    name,
    phase,
    persistentVolumeClaimInfo: { claimName },
    hotplugVolume: {},
  });
  const wanted = wantedOf(vmi);
  const isOther = ({ name, claimName }: PluggedVolume): boolean => disks.has(name) && disks.get(name) !== claimName;
  const kept = wanted.filter((volume) => !isOther(volume));
  const leaving = [...disks].filter(
    ([name, claimName]) => !kept.some((each) => each.name === name && each.claimName === claimName),
  );
  for (const volume of kept)
    if (serverOf(volume) && pluggedStatus(vmi, volume)?.phase === mountedToPod)
      disks.set(volume.name, volume.claimName);
  const volumeStatus = [
    ...kept.flatMap((volume): VolumeStatus[] => {
      if (disks.has(volume.name)) return [entry(volume, ready)];
      if (serverOf(volume)) return [entry(volume, mountedToPod)];
      const before = pluggedStatus(vmi, volume);
      return before?.phase === pending ? [before] : [];
    }),
    ...leaving.map(([name, claimName]) => entry({ name, claimName }, detaching)),
    ...(vmi.status.volumeStatus ?? []).filter(isUnmounted),
  ];
  world.put(virtualMachineInstances, { ...vmi, status: { ...vmi.status, volumeStatus } });
}

function change(world: World, { type, volume }: Extract<Step, { type: "add" | "remove" }>): void {
  const vmi = instanceOf(world);
  const { name, claimName } = volume;
  const others = (vmi.spec.volumes ?? []).filter((each) => each.name !== name);
  const added = { name, persistentVolumeClaim: { claimName, hotpluggable: true } };
  world.put(virtualMachineInstances, {
    ...vmi,
    spec: { ...vmi.spec, volumes: [...others, ...(type === "add" ? [added] : [])] },
  });
}

function putClaim(world: World, name: string, isBlock: boolean): void {
  const claim: PersistentVolumeClaim = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "default" },
    spec: { volumeMode: isBlock ? "Block" : "Filesystem", resources: { requests: { storage: "1Gi" } } },
  };
  world.put(persistentVolumeClaims, claim);
}

async function play(scene: Scene, taken: Step): Promise<void> {
  if (taken.type === "reconcile") await reconcilePartly(scene.reconciler, "default/a", taken.actions);
  else if (taken.type === "catchUp") scene.world.catchUp(taken.plural);
  else if (taken.type === "add" || taken.type === "remove") change(scene.world, taken);
  else if (taken.type === "claim") putClaim(scene.world, taken.name, taken.isBlock);
  else plays[taken.type](scene);
}

/** A disk that the guest has is served by a pod that is to stay, but for one that the cluster itself took. */
function assertServed({ world, disks }: Scene): void {
  for (const [name, claimName] of disks) {
    const servers = attachmentsOf(world).filter((pod) => volumeOf(pod) === name && claimOf(pod) === claimName);
    const isTaken = servers.some((pod) => pod.metadata?.deletionTimestamp && pod.status?.phase === "Running");
    assert.ok(!isTaken, `claim ${claimName} is taken from a guest that has it`);
  }
}

function newScene(): Scene {
  const world = createWorld();
  const vmi = sampleVmi((each) => {
    each.status = { phase: "Running", nodeName: "node" };
  });
  world.put(virtualMachineInstances, vmi);
  world.put(pods, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "launcher",
      namespace: "default",
      uid: "launcher",
      labels: { [labels.createdBy]: instanceOf(world).metadata?.uid ?? "" },
    },
    spec: { containers: [], nodeName: "node" },
    status: { phase: "Running" },
  });
  for (const name of ["one", "two"]) putClaim(world, name, false);
  return { world, disks: new Map(), reconciler: startController(world) };
}

async function settle(scene: Scene): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    for (const plural of kinds) scene.world.catchUp(plural);
    await reconcilePartly(scene.reconciler, "default/a", 99);
    for (const type of ["start", "agent", "letGo", "reap"] as const) plays[type](scene);
    assertServed(scene);
  }
}

test("whatever happens meanwhile, no claim is taken from a guest that has it, and in the end it has what its instance names", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80, size: "max" }), async (steps) => {
      const scene = newScene();
      for (const taken of steps) {
        await play(scene, taken);
        if (taken.type === "reconcile") assertServed(scene);
      }
      for (const name of ["one", "two"]) putClaim(scene.world, name, false);
      await settle(scene);
      const vmi = instanceOf(scene.world);
      const runs = vmi.status?.phase === "Running";
      const wanted = new Map(runs ? wantedOf(vmi).map(({ name, claimName }) => [name, claimName]) : []);
      assert.deepEqual(scene.disks, wanted);
      assert.deepEqual((vmi.status?.volumeStatus ?? []).filter(isUnmounted), []);
      assert.deepEqual(new Map(attachmentsOf(scene.world).map((pod) => [volumeOf(pod), claimOf(pod)])), wanted);
    }),
    { numRuns: 300 },
  );
});

test("what waits says for what: a claim that is not there, one that is a device, a pod that has no place", async () => {
  const scene = newScene();
  const { world } = scene;
  world.remove(persistentVolumeClaims, { namespace: "default", name: "one" });
  change(world, { type: "add", volume: { name: "a", claimName: "one" } });
  const told = async (): Promise<string[]> => {
    for (const plural of kinds) world.catchUp(plural);
    await reconcilePartly(scene.reconciler, "default/a", 99);
    return (instanceOf(world).status?.volumeStatus ?? []).map(
      ({ phase, reason, message }) => `${phase} ${reason} ${message}`,
    );
  };
  assert.deepEqual(await told(), ["Pending ClaimNotFound there is no claim one: create it"]);
  putClaim(world, "one", true);
  assert.match((await told()).join(), /^Pending BlockClaim claim one .*volumeMode is Block/);
  assert.deepEqual(attachmentsOf(world), []);
  putClaim(world, "one", false);
  assert.match((await told()).join(), /^Pending AttachmentPending/);
  const [pod] = attachmentsOf(world);
  assert.ok(pod);
  const condition = { type: "PodScheduled", status: "False" as const, reason: "Unschedulable", message: "no room" };
  world.put(pods, { ...pod, status: { conditions: [condition] } });
  assert.equal((await told()).join(), `Pending Unschedulable pod ${pod.metadata?.name}: no room`);
});

test("what its launcher was made with is not served by another pod, and is there when the guest starts", () => {
  const vmi = sampleVmi((each) => {
    each.spec.volumes = [{ name: "a", persistentVolumeClaim: { claimName: "one", hotpluggable: true } }];
    each.spec.domain.devices.disks = [{ name: "a", disk: { bus: "virtio" } }];
  });
  const launcher = { spec: { volumes: [{ name: "a", persistentVolumeClaim: { claimName: "one" } }] } };
  assert.deepEqual(asMounted(vmi, launcher), vmi);
  assert.deepEqual(asMounted(vmi, { spec: {} }).spec.volumes, []);
  assert.deepEqual(asMounted(vmi, { spec: {} }).spec.domain.devices.disks, []);
});
