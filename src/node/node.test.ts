/** The small pure parts of the node agent. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { annotations } from "../../api/kubevirt/names.ts";
import { someVmi } from "./domain/observation.fixture.ts";
import { desiredDevices, macOf } from "./domain/desired-devices.ts";
import { diskSources } from "./disks/disk-source.ts";
import { parseImageHeader } from "./disks/image-header.ts";
import { parseDurationMs } from "../base/duration.ts";
import { simplify } from "./guest/read-guest.ts";
import { cgroupNamesPod, parseStartTicks } from "./process/find-qemu.ts";
import { parseRoute } from "./server/route.ts";

test("where disks come from", () => {
  const disks = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map((name) => ({ name, disk: { bus: "virtio" } }));
  const volumes = [
    { name: "a", containerDisk: { image: "x" } },
    { name: "b", containerDisk: { image: "x", path: "/images/b.img" } },
    { name: "c", emptyDisk: { capacity: "64Mi" } },
    { name: "d", persistentVolumeClaim: { claimName: "claim" } },
    { name: "e", cloudInitNoCloud: { userData: "#cloud-config" } },
    { name: "f", ephemeral: { persistentVolumeClaim: { claimName: "claim" } } },
    { name: "g", hostDisk: { path: "/data/g.img", type: "DiskOrCreate", capacity: "1Gi" } },
    { name: "h", sysprep: { configMap: { name: "answers" } } },
    { name: "i", downwardMetrics: {} },
  ];
  const vmi = someVmi({ spec: { domain: { devices: { disks: [...disks, { name: "empty", cdrom: {} }] } }, volumes } });
  const run = "/var/run/vmpod";
  assert.deepEqual(
    diskSources(vmi.spec).map(({ volume, source }) => [volume, source.type, source.path]),
    [
      ["a", "containerDisk", `${run}/disks/a.qcow2`],
      ["b", "containerDisk", `${run}/disks/b.qcow2`],
      ["c", "emptyDisk", `${run}/disks/c.qcow2`],
      ["d", "claim", `${run}/pvc/d/disk.img`],
      ["e", "medium", `${run}/disks/e.iso`],
      ["f", "claimOverlay", `${run}/disks/f.qcow2`],
      ["g", "hostDisk", `${run}/host-disks/g/g.img`],
      ["h", "medium", `${run}/disks/h.iso`],
      ["i", "metrics", `${run}/disks/i.vhostmd`],
    ],
  );
  const named = diskSources(vmi.spec).flatMap(({ source }) => (source.type === "containerDisk" ? [source] : []));
  assert.deepEqual(
    named.map(({ directory, file }) => [directory, file]),
    [
      [`${run}/container-disks/a/disk`, undefined],
      [`${run}/container-disks/b/images`, "b.img"],
    ],
  );
});

test("disks and NICs in QEMU's terms", () => {
  const vmi = someVmi();
  const [disk, nic] = desiredDevices(vmi, []);
  assert.deepEqual(disk?.kind === "disk" && { name: disk.name, bootIndex: disk.bootIndex }, {
    name: "root",
    bootIndex: 1,
  });
  assert.equal(nic?.kind === "nic" && nic.tap, "tap0");
  assert.equal(macOf(vmi, { name: "default", macAddress: "DE-AD-00-00-BE-AF" }), "de:ad:00:00:be:af");
  assert.match(macOf(vmi, { name: "default" }), /^02(:[0-9a-f]{2}){5}$/);
});

test("a guest that was given processors has a queue for each that it was booted with", () => {
  const vmi = someVmi({ metadata: { annotations: { [annotations.socketsAtBoot]: "2" } } });
  const { domain } = vmi.spec;
  domain.cpu = { sockets: 4 };
  Object.assign(domain.devices, { blockMultiQueue: true, networkInterfaceMultiqueue: true });
  const queues = () => desiredDevices(vmi, []).map((device) => "queues" in device && device.queues);
  assert.deepEqual(queues(), [2, 2]);
  delete vmi.metadata?.annotations;
  assert.deepEqual(queues(), [4, 4]);
});

test("an image tells its format and size", () => {
  const qcow2 = Buffer.alloc(32);
  qcow2.writeUInt32BE(0x514649fb, 0);
  qcow2.writeBigUInt64BE(1073741824n, 24);
  assert.deepEqual(parseImageHeader(qcow2, 4096), { format: "qcow2", virtualBytes: 1073741824 });
  assert.deepEqual(parseImageHeader(Buffer.alloc(32), 4096), { format: "raw", virtualBytes: 4096 });
  assert.deepEqual(parseImageHeader(Buffer.alloc(3), 3), { format: "raw", virtualBytes: 3 });
});

test("a process is known by its start, whatever its name holds", () => {
  const stat = (state: string) => `42 (qemu) x) ${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 9999 20`;
  assert.equal(parseStartTicks(stat("S")), 9999);
  assert.equal(parseStartTicks(stat("Z")), undefined);
  assert.equal(parseStartTicks(""), undefined);
});

test("a cgroup names its pod with either driver", () => {
  assert.ok(cgroupNamesPod("0::/vmpod/poda-b/c", "a-b"));
  assert.ok(cgroupNamesPod("0::/kubepods-poda_b.slice/c.scope", "a-b"));
  assert.ok(!cgroupNamesPod("0::/vmpod/podx", "a-b"));
  assert.ok(!cgroupNamesPod("0::/", ""));
});

test("routes", () => {
  const path = "/v1/namespaces/ns/virtualmachineinstances/vm";
  const table: [string, [string, string[]] | undefined][] = [
    [`${path}/console`, ["console", []]],
    [`${path}/vnc/screenshot?moveCursor=true`, ["vnc/screenshot", []]],
    [`${path}/portforward/22/tcp`, ["portforward", ["22", "tcp"]]],
    ["/v1/namespaces/ns/pods/vm/console", undefined],
    ["/", undefined],
  ];
  for (const [url, expected] of table) {
    const route = parseRoute(url);
    assert.deepEqual(route && [route.verb, route.rest], expected, url);
  }
});

test("durations as Go writes them", () => {
  const table: [string, number | undefined][] = [
    ["5m0s", 300_000],
    ["1h", 3_600_000],
    ["500ms", 500],
    ["1.5s", 1_500],
    ["0", 0],
    ["", undefined],
    ["5", undefined],
    ["5m-1s", undefined],
  ];
  for (const [text, expected] of table) assert.equal(parseDurationMs(text), expected, text);
});

test("only a guest's own addresses count", () => {
  const addresses = ["127.0.0.1", "10.0.2.2", "fe80::1", "169.254.1.1", "fd00::2"].map((address) => ({
    address,
    family: "ipv4" as const,
    prefixLength: 24,
  }));
  const simple = simplify({ name: "eth0", macAddress: "02:AA:BB:CC:DD:EE", addresses });
  assert.deepEqual(simple, { name: "eth0", mac: "02:aa:bb:cc:dd:ee", addresses: ["10.0.2.2", "fd00::2"] });
});
