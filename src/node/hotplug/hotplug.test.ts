import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../../api/core.ts";
import type { VolumeStatus } from "../../../api/kubevirt/hotplug-volume.ts";
import { allDevices, someMachine, someObservation, someVmi } from "../domain/observation.fixture.ts";
import type { Observation } from "../domain/observation.ts";
import { plan } from "../domain/plan.ts";
import { decideEvents } from "../status/events.ts";
import { decideStatus } from "../status/status.ts";
import { type PlugObservation, pluggedSocketOf } from "./observe.ts";

const volume = { name: "data", claimName: "claim", hotpluggable: true };
const pod: Pod = {
  metadata: { name: "server", uid: "server-uid" },
  status: {
    phase: "Running",
    containerStatuses: [
      { name: "serve", image: "", imageID: "", ready: true, restartCount: 0, state: { running: {} } },
    ],
  },
};

interface Scene {
  /** Of the claim; none: the volume is not in the spec. */
  plug?: Partial<PlugObservation> | undefined;
  told?: VolumeStatus[];
  /** What QEMU has of it. */
  devices?: string[];
  /** Devices of certain drivers. */
  drivers?: Record<string, string>;
  nodes?: string[];
  bus?: string;
  /** In drives. */
  media?: string[];
  asked?: string[];
  interfaces?: object[];
  freePorts?: string[];
}

function observe({
  plug,
  told = [],
  devices = [],
  nodes = [],
  bus = "virtio",
  media = [],
  asked = [],
  ...more
}: Scene): Observation {
  const { interfaces = [{ name: "default", masquerade: {} }], freePorts = ["port2"], drivers = {} } = more;
  const disks = [
    { name: "root", disk: { bus: "virtio" } },
    ...(plug ? [{ name: "data", ...(bus === "cdrom" ? { cdrom: { bus: "sata" } } : { disk: { bus } }) }] : []),
  ];
  const vmi = someVmi({
    spec: {
      domain: { memory: { guest: "128Mi" }, devices: { disks, interfaces } },
      networks: [
        { name: "default", pod: {} },
        { name: "lan", multus: { networkName: "lan" } },
      ],
      volumes: [
        { name: "root", containerDisk: { image: "guest" } },
        ...(plug ? [{ name: "data", persistentVolumeClaim: { claimName: "claim", hotpluggable: true } }] : []),
      ],
    },
    status: { phase: "Running", volumeStatus: told },
  });
  const some = devices.map((id): [string, string] => [id, "some-driver"]);
  const present = [...allDevices.devices, ...some, ...Object.entries(drivers)];
  return someObservation({
    vmi,
    machine: someMachine({
      devices: {
        ...allDevices,
        devices: new Map(present),
        blockNodes: new Set(["disk-root", ...nodes]),
        media: new Map(media.map((name) => [name, name])),
        freePorts,
      },
    }),
    unplugAsked: new Set(asked),
    plugs: plug ? [{ volume, pod, isLinked: true, ...plug }] : [],
  });
}

const entry = (phase: string, claimName = "claim"): VolumeStatus => ({
  name: "data",
  phase,
  persistentVolumeClaimInfo: { claimName },
  hotplugVolume: { attachPodName: "server", attachPodUID: "server-uid" },
});
const steps = (observation: Observation): string[] =>
  plan(observation).map((action) => {
    if (action.type !== "changeDevice") return action.type;
    const { command, args } = action.change;
    const { id, "node-name": node } = args as { id?: string; "node-name"?: string };
    return `${command} ${id ?? node}`;
  });
const toldOf = (observation: Observation): string[] =>
  (decideStatus(observation).volumeStatus ?? [])
    .filter(({ name }) => name === "data")
    .map(
      ({ phase, reason, persistentVolumeClaimInfo }) => `${phase} ${reason} ${persistentVolumeClaimInfo?.claimName}`,
    );

test("a claim is told of, plugged in and told of, in this order", () => {
  const running = { isLinked: false };
  assert.deepEqual(steps(observe({ plug: running })), []);
  assert.deepEqual(toldOf(observe({ plug: running })), ["AttachedToNode AttachedToNode claim"]);
  assert.deepEqual(steps(observe({ plug: {} })), [], "the controller does not know yet that the claim must stay");
  assert.deepEqual(toldOf(observe({ plug: {} })), ["MountedToPod VolumeMountedToPod claim"]);
  const mounted = { plug: {}, told: [entry("MountedToPod")] };
  assert.deepEqual(steps(observe(mounted)), ["blockdev-add disk-data", "device_add disk-data"]);
  assert.deepEqual(steps(observe({ ...mounted, nodes: ["disk-data"] })), ["device_add disk-data"]);
  const ending = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: "2026-01-02T03:04:05Z" } };
  assert.deepEqual(steps(observe({ ...mounted, plug: { pod: ending } })), [], "it is about to go");
  const plugged = { ...mounted, nodes: ["disk-data"], devices: ["disk-data"] };
  assert.deepEqual(steps(observe(plugged)), []);
  assert.deepEqual(toldOf(observe(plugged)), ["Ready VolumeReady claim"]);
});

test("QEMU is told where it is served, and not to boot from it", () => {
  const [add, device] = plan(observe({ plug: {}, told: [entry("MountedToPod")] }));
  assert.ok(add?.type === "changeDevice" && add.change.command === "blockdev-add");
  const { file, driver } = add.change.args as unknown as {
    file: { driver: string; server: object; "node-name": string };
    driver: string;
  };
  assert.equal(driver, "raw");
  assert.equal(file.driver, "nbd");
  assert.equal(file["node-name"], "served-data", "by which it is cut off");
  assert.deepEqual(file.server, { type: "unix", path: `/run/vmpod/${pluggedSocketOf(volume)}` });
  assert.ok(device?.type === "changeDevice" && device.change.command === "device_add");
  assert.equal(device.change.args["bootindex"], undefined);
});

test("on bus scsi it brings the controller that there is none of yet", () => {
  const scsi = { plug: {}, told: [entry("MountedToPod")], bus: "scsi" };
  assert.deepEqual(steps(observe(scsi)), ["device_add scsi0", "blockdev-add disk-data", "device_add disk-data"]);
  assert.deepEqual(steps(observe({ ...scsi, devices: ["scsi0"] })), ["blockdev-add disk-data", "device_add disk-data"]);
});

test("it does not take the place of a NIC that is absent", () => {
  const lan = { name: "lan", bridge: {}, state: "absent" };
  const interfaces = [{ name: "default", masquerade: {} }, lan];
  const mounted = { plug: {}, told: [entry("MountedToPod")], interfaces };
  assert.deepEqual(steps(observe(mounted)), ["refuse"]);
  const roomy = plan(observe({ ...mounted, freePorts: ["port2", "port3"] }));
  const added = roomy.flatMap((action) =>
    action.type === "changeDevice" && action.change.command === "device_add" ? [action.change.args["bus"]] : [],
  );
  assert.deepEqual(added, ["port3"]);
});

test("a medium comes into a drive, and goes without the guest's doing", () => {
  const drives = { bus: "cdrom", drivers: { "disk-data": "ide-cd" } };
  const mounted = { ...drives, plug: {}, told: [entry("MountedToPod")] };
  const change = (middle: string): string[] =>
    [`blockdev-open-tray`, middle, `blockdev-close-tray`].map((each) => `${each} disk-data`);
  assert.deepEqual(steps(observe(mounted)), ["blockdev-add disk-data", ...change("blockdev-insert-medium")]);
  assert.deepEqual(toldOf(observe({ ...mounted, nodes: ["disk-data"] })), ["MountedToPod VolumeMountedToPod claim"]);
  const inserted = { ...mounted, nodes: ["disk-data", "served-data"], media: ["disk-data"] };
  assert.deepEqual(steps(observe(inserted)), []);
  assert.deepEqual(toldOf(observe(inserted)), ["Ready VolumeReady claim"]);
  const leaving = { ...inserted, plug: undefined, told: [entry("Ready")] };
  assert.deepEqual(steps(observe(leaving)), change("blockdev-remove-medium"));
  assert.deepEqual(steps(observe({ ...leaving, media: [] })), ["remove-served disk-data"]);
  assert.deepEqual(toldOf(observe({ ...leaving, media: [] })), ["Detaching Detaching claim"]);
  assert.deepEqual(toldOf(observe({ ...leaving, media: [], nodes: [] })), []);
  const exchanged = { ...inserted, told: [entry("Ready", "old")] };
  assert.deepEqual(steps(observe(exchanged)), change("blockdev-remove-medium"));
  const absent = { ...mounted, drivers: {} };
  assert.match(toldOf(observe(absent)).join(), /^AttachedToNode UnsupportedDisk/);
});

test("a claim of the launcher's own that was unplugged comes again, and another one of its name in its place", () => {
  const ofLauncher = (observation: Observation): Observation => {
    const own = { name: "data", persistentVolumeClaim: { claimName: "claim" } };
    return { ...observation, pod: { ...observation.pod, spec: { containers: [], volumes: [own] } } };
  };
  const [found] = observe({ plug: {} }).disks.filter(({ volume }) => volume === "data");
  assert.ok(found);
  const returning = ofLauncher({ ...observe({ plug: {} }), plugs: [], returning: [found] });
  assert.deepEqual(steps(returning), ["blockdev-add disk-data", "device_add disk-data"]);
  const there = ofLauncher({ ...observe({ plug: {}, devices: ["disk-data"], nodes: ["disk-data"] }), plugs: [] });
  assert.deepEqual(steps(there), []);
  const other = { volume: { ...volume, claimName: "other" }, pod, isLinked: true };
  assert.deepEqual(steps({ ...there, plugs: [other] }), ["device_del disk-data"]);
});

test("one that goes is let go of by the guest first, and told of until nothing of it is left", () => {
  const leaving = { plug: undefined, told: [entry("Ready")], devices: ["disk-data"], nodes: ["disk-data"] };
  assert.deepEqual(steps(observe(leaving)), ["device_del disk-data"]);
  assert.deepEqual(toldOf(observe(leaving)), ["Detaching Detaching claim"]);
  assert.deepEqual(steps(observe({ ...leaving, asked: ["disk-data"] })), [], "it was asked a moment ago");
  const released = { ...leaving, told: [entry("Detaching")], devices: [] };
  assert.deepEqual(steps(observe(released)), ["blockdev-del disk-data"]);
  assert.deepEqual(steps(observe({ ...released, nodes: ["disk-data", "served-data"] })), ["remove-served disk-data"]);
  assert.deepEqual(toldOf(observe(released)), ["Detaching Detaching claim"]);
  assert.deepEqual(toldOf(observe({ ...released, nodes: [] })), []);
});

test("a claim of the launcher's own goes from the guest, and no other disk does", () => {
  const has = { plug: undefined, devices: ["disk-data", "disk-other"], nodes: ["disk-data", "disk-other"] };
  assert.deepEqual(steps(observe(has)), []);
  const own = { name: "data", persistentVolumeClaim: { claimName: "claim" } };
  const launcher = { ...observe(has).pod, spec: { containers: [], volumes: [own] } };
  assert.deepEqual(steps({ ...observe(has), pod: launcher }), ["device_del disk-data"]);
});

test("a hard disk on sata stays: QEMU refuses to take it", () => {
  const has = { plug: undefined, told: [entry("Ready")], drivers: { "disk-data": "ide-hd" }, nodes: ["disk-data"] };
  assert.deepEqual(steps(observe(has)), []);
});

test("that there is no place for a NIC keeps no disk from going", () => {
  const lan = { name: "lan", bridge: {} };
  const interfaces = [{ name: "default", masquerade: {} }, lan];
  const leaving = { plug: undefined, told: [entry("Ready")], devices: ["disk-data"], nodes: ["disk-data"] };
  assert.deepEqual(steps(observe({ ...leaving, interfaces, freePorts: [] })), ["refuse", "device_del disk-data"]);
});

test("its controller goes after the last disk on it, and is told of as long as it is there", () => {
  const told = [{ ...entry("Detaching"), target: "sda" }];
  const idle = { told, drivers: { scsi0: "virtio-scsi-pci" } };
  assert.deepEqual(steps(observe(idle)), ["device_del scsi0"]);
  assert.deepEqual(toldOf(observe(idle)), ["Detaching Detaching claim"]);
  assert.deepEqual(steps(observe({ ...idle, asked: ["scsi0"] })), []);
  assert.deepEqual(steps(observe({ told, drivers: { ...idle.drivers, "disk-data": "scsi-hd" } })), [
    "device_del disk-data",
  ]);
  assert.deepEqual(steps(observe({ ...idle, plug: { isLinked: false }, bus: "scsi" })), []);
  assert.deepEqual(toldOf(observe({ told })), []);
});

test("one of another claim goes before the one that has taken its name comes", () => {
  const told = [entry("Ready", "old")];
  const exchanged = { plug: {}, told, devices: ["disk-data"], nodes: ["disk-data"] };
  assert.deepEqual(steps(observe(exchanged)), ["device_del disk-data"]);
  assert.deepEqual(toldOf(observe(exchanged)), ["Detaching Detaching old"]);
  assert.deepEqual(toldOf(observe({ plug: {}, told })), ["MountedToPod VolumeMountedToPod claim"]);
});

test("a server that is gone is told of", () => {
  const plugged = { told: [entry("Ready")], devices: ["disk-data"], nodes: ["disk-data"] };
  assert.deepEqual(toldOf(observe({ ...plugged, plug: { pod: undefined, isLinked: false } })), [
    "Ready ServerLost claim",
  ]);
  assert.deepEqual(steps(observe({ ...plugged, plug: { isLinked: false } })), []);
});

test("nothing is said of a pod that the controller lets go, but what the controller says", () => {
  const unmounted = entry("UnMountedFromPod");
  const waiting = { pod: undefined, isLinked: false };
  assert.deepEqual(steps(observe({ told: [unmounted] })), []);
  assert.deepEqual(toldOf(observe({ told: [unmounted] })), ["UnMountedFromPod undefined claim"]);
  assert.deepEqual(toldOf(observe({ plug: waiting, told: [unmounted] })), ["UnMountedFromPod undefined claim"]);
  const successor = observe({ plug: {}, told: [unmounted] });
  assert.deepEqual(toldOf(successor), ["MountedToPod VolumeMountedToPod claim", "UnMountedFromPod undefined claim"]);
  assert.deepEqual(
    decideEvents(successor.vmi, decideStatus(successor)).map(({ reason }) => reason),
    ["VolumeMountedToPod"],
  );
});

test("what the controller says stays until the pod is on the node", () => {
  const pending = { ...entry("Pending"), reason: "ClaimNotFound" };
  const waiting = { plug: { pod: undefined, isLinked: false }, told: [pending] };
  assert.deepEqual(toldOf(observe(waiting)), ["Pending ClaimNotFound claim"]);
});

test("each change is an event", () => {
  const reasons = (scene: Scene): string[] => {
    const observation = observe(scene);
    return decideEvents(observation.vmi, decideStatus(observation)).map(({ reason }) => reason);
  };
  assert.deepEqual(reasons({ plug: {}, told: [entry("AttachedToNode")] }), ["VolumeMountedToPod"]);
  const plugged = { plug: {}, devices: ["disk-data"], nodes: ["disk-data"] };
  assert.deepEqual(reasons({ ...plugged, told: [entry("MountedToPod")] }), ["VolumeReady"]);
  assert.deepEqual(reasons({ ...plugged, told: [entry("Ready")] }), []);
  assert.deepEqual(reasons({ told: [entry("Detaching")] }), ["VolumeUnMountedFromPod"]);
});

test("one that came before the guest started is not among its first devices", () => {
  const early = observe({ plug: {}, told: [] });
  const machine = someMachine({
    runState: "prelaunch",
    devices: {
      ...allDevices,
      devices: new Map(),
      blockNodes: new Set(),
      netdevs: new Set(),
      freePorts: ["port0", "port1"],
    },
  });
  const actions = plan({ ...early, vmi: { ...early.vmi, status: { phase: "Scheduled" } }, machine, plugs: [] });
  const names = actions.flatMap((action) =>
    action.type === "changeDevice" && action.change.command === "device_add" ? [action.change.args.id] : [],
  );
  assert.deepEqual(names, ["disk-root", "nic-default"]);
});
