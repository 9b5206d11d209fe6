/** Plans against a small world that reacts as QEMU does, with a crash after any step. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { TerminalError } from "../../base/errors.ts";
import { driveId, driveNode, placeholderNode } from "../domain/ids.ts";
import type { DeviceAction } from "./action.ts";
import type { Device, Disk, DiskImage, Filesystem, Nic } from "./device.ts";
import { type ObservedDevices, parseNetdevs } from "./observe.ts";
import { complete, planDevices } from "./plan.ts";

interface World {
  devices: Map<string, string>;
  blockNodes: Set<string>;
  netdevs: Set<string>;
  media: Map<string, string>;
  freePorts: string[];
}

function newWorld(desired: readonly Device[], ports = 16): World {
  const sata = desired.filter((each): each is Disk => each.kind === "disk" && each.bus === "sata");
  const disks = sata.filter((each) => each.device === "disk");
  return {
    devices: new Map(sata.map((each) => [driveId(each.name), each.device === "disk" ? "ide-hd" : "ide-cd"])),
    blockNodes: new Set(disks.flatMap((each) => [placeholderNode(each.name), driveNode(each.name)])),
    netdevs: new Set(),
    media: new Map(),
    freePorts: Array.from({ length: ports }, (_, index) => `port${index}`),
  };
}

function apply(world: World, action: DeviceAction): void {
  switch (action.command) {
    case "blockdev-add":
      assert.ok(!world.blockNodes.has(action.args["node-name"]), `duplicate node ${action.args["node-name"]}`);
      world.blockNodes.add(action.args["node-name"]);
      return;
    case "blockdev-del":
      assert.ok(world.blockNodes.delete(action.args["node-name"]));
      return;
    case "netdev_add":
      assert.ok(!world.netdevs.has(action.args.id), `duplicate netdev ${action.args.id}`);
      world.netdevs.add(action.args.id);
      return;
    case "netdev_del":
      world.netdevs.delete(action.args.id);
      return;
    case "device_add": {
      const { id, driver, bus, drive } = action.args as { id: string; driver: string; bus?: string; drive?: string };
      assert.ok(!world.devices.has(id), `duplicate device ${id}`);
      if (drive !== undefined) assert.ok(world.blockNodes.has(drive), `${id} on missing node ${drive}`);
      if (bus?.startsWith("port")) assert.ok(world.freePorts.includes(bus), `${bus} is taken`);
      world.freePorts = world.freePorts.filter((each) => each !== bus);
      world.devices.set(id, driver);
      if (driver === "scsi-cd" && drive !== undefined) world.media.set(id, drive);
      return;
    }
    case "plug-filesystem": {
      const { id, bus, driver } = action.args.device as { id: string; bus?: string; driver: string };
      assert.ok(!world.devices.has(id), `duplicate device ${id}`);
      world.freePorts = world.freePorts.filter((each) => each !== bus);
      world.devices.set(id, driver);
      return;
    }
    case "device_del":
      world.devices.delete(action.args.id);
      return;
    case "blockdev-insert-medium":
      world.media.set(action.args.id, action.args["node-name"]);
      return;
    case "blockdev-remove-medium":
      world.media.delete(action.args.id);
  }
}

function snapshot(world: World): ObservedDevices {
  return structuredClone(world);
}

const name = fc.string({ unit: fc.constantFrom(..."abcdef-0123".split("")), minLength: 1, maxLength: 50 });
const image = fc.constant({ format: "raw" as const, path: "/disk" });
const disk: fc.Arbitrary<Disk> = fc.record({
  kind: fc.constant("disk" as const),
  name,
  device: fc.constant("disk" as const),
  bus: fc.constantFrom("virtio" as const, "sata" as const, "scsi" as const, "usb" as const),
  image,
});
const cdrom: fc.Arbitrary<Disk> = fc.record({
  kind: fc.constant("disk" as const),
  name,
  device: fc.constant("cdrom" as const),
  bus: fc.constantFrom("sata" as const, "scsi" as const),
  image: fc.option(image, { nil: undefined }),
});
const nic: fc.Arbitrary<Nic> = fc.record({
  kind: fc.constant("nic" as const),
  name,
  model: fc.constantFrom("virtio" as const, "e1000" as const),
  macAddress: fc.constant("52:54:00:00:00:01"),
  tap: fc.constant("tap0"),
});
const filesystem: fc.Arbitrary<Filesystem> = fc.record({
  kind: fc.constant("filesystem" as const),
  name,
  socket: fc.constant("/socket"),
});
const devices = fc.uniqueArray(fc.oneof(disk, cdrom, nic, filesystem), { maxLength: 8, selector: (each) => each.name });

test("from any crash, planning again attaches everything exactly once", () => {
  fc.assert(
    fc.property(devices, fc.array(fc.nat(6), { maxLength: 6 }), (desired, crashes) => {
      const world = newWorld(desired);
      for (const steps of crashes)
        for (const action of planDevices(desired, snapshot(world)).slice(0, steps)) apply(world, action);
      for (const action of planDevices(desired, snapshot(world))) apply(world, action);
      assert.ok(complete(desired, snapshot(world)), JSON.stringify(planDevices(desired, snapshot(world))));
    }),
  );
});

test("the same devices get the same ports", () => {
  fc.assert(
    fc.property(devices, (desired) => {
      assert.deepEqual(
        planDevices(desired, snapshot(newWorld(desired))),
        planDevices(desired, snapshot(newWorld(desired))),
      );
    }),
  );
});

test("what is no longer wanted goes away, device first", () => {
  const wanted: Device[] = [
    { kind: "disk", name: "a", device: "disk", bus: "virtio", image: { format: "raw", path: "/a" } },
  ];
  const world = newWorld(wanted);
  for (const action of planDevices(wanted, snapshot(world))) apply(world, action);
  const first = planDevices([], snapshot(world));
  assert.deepEqual(
    first.map((each) => each.command),
    ["device_del"],
  );
  for (const action of first) apply(world, action);
  assert.deepEqual(
    planDevices([], snapshot(world)).map((each) => each.command),
    ["blockdev-del"],
  );
});

test("disks are served by their threads, in their queues", () => {
  const image: DiskImage = { format: "raw", path: "/a" };
  const wanted: Device[] = [
    { kind: "disk", name: "a", device: "disk", bus: "virtio", image, ioThread: 1, queues: 2 },
    { kind: "disk", name: "b", device: "disk", bus: "scsi", image, ioThread: 0, queues: 2 },
  ];
  const added = planDevices(wanted, snapshot(newWorld(wanted))).flatMap(({ command, args }) =>
    command === "device_add" ? [args as Record<string, unknown>] : [],
  );
  assert.deepEqual(
    added.map((each) => [each["driver"], each["iothread"], each["num-queues"] ?? each["num_queues"]]),
    [
      ["virtio-blk-pci", "io1", 2],
      ["virtio-scsi-pci", "io0", 2],
      ["scsi-hd", undefined, undefined],
    ],
  );
});

test("a machine without free ports says so", () => {
  const wanted: Device[] = [{ kind: "nic", name: "a", model: "virtio", macAddress: "x", tap: "t" }];
  assert.throws(() => planDevices(wanted, snapshot(newWorld(wanted, 0))), TerminalError);
});

test("an untrusted image cannot name a backing file", () => {
  const wanted: Device[] = [
    { kind: "disk", name: "a", device: "disk", bus: "virtio", image: { format: "qcow2", path: "/a" } },
  ];
  const [add] = planDevices(wanted, snapshot(newWorld(wanted)));
  assert.ok(add?.command === "blockdev-add");
  assert.equal(add.args["backing"], null);
});

test("netdevs are read from `info network`, NICs are not taken for them", () => {
  const text =
    "nic-default: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:56\r\n" +
    " \\ net-default: index=0,type=tap,ifname=tap0,script=no,downscript=no\r\n" +
    "net-other: index=0,type=user,net=10.0.2.0,restrict=off\r\n";
  assert.deepEqual(parseNetdevs(text), new Set(["net-default", "net-other"]));
});

test("a device has the slot that it asks for, and the others go around it, also when only some are there", () => {
  const image = { format: "raw" as const, path: "/disk" };
  const disks = ["a", "b", "c"].map((name): Disk => ({ kind: "disk", name, device: "disk", bus: "virtio", image }));
  const desired: Device[] = disks.map((disk) => (disk.name === "c" ? { ...disk, port: "port1" } : disk));
  const placed = (world: World) =>
    planDevices(desired, world).flatMap(({ command, args }) => (command === "device_add" ? [[args.id, args.bus]] : []));
  assert.deepEqual(placed(newWorld(desired)), [
    ["disk-a", "port0"],
    ["disk-b", "port2"],
    ["disk-c", "port1"],
  ]);
  const world = newWorld(desired);
  for (const action of planDevices(desired, world).slice(0, 2)) apply(world, action);
  assert.deepEqual(placed(world), [
    ["disk-b", "port2"],
    ["disk-c", "port1"],
  ]);
});
