import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolumeClaim } from "../core.ts";
import { sampleSpec, sampleVm, sampleVmi } from "./sample.ts";
import type { Disk, VirtualMachine, VirtualMachineInstance, VirtualMachineInstanceSpec } from "./types.ts";
import {
  type AddedVolume,
  mayAddToInstance,
  mayAddToMachine,
  mayRemoveFromInstance,
  mayRemoveFromMachine,
  withoutVolume,
  withVolume,
} from "./volume-request.ts";

type Change = (spec: VirtualMachineInstanceSpec) => void;

const added: AddedVolume = { name: "data", disk: {}, source: { claimName: "data" } };
const of = (more: Partial<AddedVolume>): AddedVolume => ({ ...added, ...more });
const claim = (volumeMode: "Block" | "Filesystem"): PersistentVolumeClaim => ({ spec: { volumeMode } });

/** The volume as it is once it was added, on a bus. */
const has =
  (bus = "scsi", hotpluggable = true): Change =>
  (spec) => {
    spec.volumes?.push({ name: "data", persistentVolumeClaim: { claimName: "data", hotpluggable } });
    spec.domain.devices.disks?.push({ name: "data", disk: { bus } });
  };

function running(change: Change = () => undefined, status: VirtualMachineInstance["status"] = {}) {
  return sampleVmi((vmi) => {
    vmi.status = { phase: "Running", ...status };
    change(vmi.spec);
  });
}

const machine = (change: Change = () => undefined): VirtualMachine =>
  sampleVm(({ spec }) => change(spec.template.spec));

const moving = { migrationState: { startTimestamp: "2026-01-01T00:00:00Z" } };
const leaving = { volumeStatus: [{ name: "data", phase: "Detaching", target: "" }] };
const owned = (vmi: VirtualMachineInstance): VirtualMachineInstance => {
  const owner = { apiVersion: "kubevirt.io/v1", kind: "VirtualMachine", name: "a", uid: "vm-uid", controller: true };
  return { ...vmi, metadata: { ...vmi.metadata, ownerReferences: [owner] } };
};
const dumped: Change = (spec) => void spec.volumes?.push({ name: "dump", memoryDump: { claimName: "data" } });
const noHotplug: Change = ({ domain }) => void (domain.devices.disableHotplug = true);
const inFilesystem: Change = (spec) => {
  has()(spec);
  spec.domain.devices.disks?.pop();
  spec.domain.devices.filesystems = [{ name: "data", virtiofs: {} }];
};

const sata = of({ disk: { disk: { bus: "sata" } } });
const wontPlug: [what: string, disk: Omit<Disk, "name">, RegExp][] = [
  ["sata", { disk: { bus: "sata" } }, /its bus is sata: only disks on scsi and virtio/],
  ["usb", { disk: { bus: "usb" } }, /its bus is usb/],
  ["a cdrom", { cdrom: { bus: "scsi" } }, /a cdrom drive is there since the start/],
  ["a lun", { lun: { bus: "scsi" } }, /a lun stays/],
  ["a PCI address", { disk: { bus: "virtio", pciAddress: "0000:05:00.0" } }, /pciAddress is given .* when .* starts/],
  ["an I/O thread", { disk: { bus: "virtio" }, dedicatedIOThread: true }, /I\/O thread of its own/],
];

type Verdict = ReturnType<typeof mayAddToMachine>;

function isDenied(verdict: Verdict, reason: "Conflict" | "BadRequest", says: RegExp, what: string): void {
  assert.ok(verdict.verdict === "denied", what);
  assert.equal(verdict.reason, reason, what);
  assert.match(verdict.message, says, what);
}

test("a volume comes to the end of a machine's template, running or not, also before its claim is there", () => {
  const table: [string, VirtualMachineInstance | undefined, PersistentVolumeClaim | undefined][] = [
    ["stopped", undefined, claim("Filesystem")],
    ["stopped, of a block device", undefined, claim("Block")],
    ["running", running(), claim("Filesystem")],
    ["running, without a claim", running(), undefined],
  ];
  for (const [what, vmi, found] of table) {
    const verdict = mayAddToMachine({ vm: machine(), vmi }, added, found);
    assert.deepEqual(verdict, { verdict: "do", spec: sampleSpec(has()) }, what);
  }
});

test("a bus that is named counts, and so does what else is said of the disk", () => {
  const asked = of({
    disk: { disk: { bus: "virtio" }, serial: "D1", cache: "none" },
    source: { claimName: "c", readOnly: true },
  });
  const spec = withVolume(sampleSpec(), asked);
  assert.deepEqual(spec.volumes?.at(-1), {
    name: "data",
    persistentVolumeClaim: { claimName: "c", readOnly: true, hotpluggable: true },
  });
  const disk = { name: "data", disk: { bus: "virtio" }, serial: "D1", cache: "none" };
  assert.deepEqual(spec.domain.devices.disks?.at(-1), disk);
});

test("a disk that a template only implies stays the first, from which the guest boots", () => {
  const { domain, ...rest } = sampleSpec();
  const implied = { ...rest, domain: { ...domain, devices: {} } };
  const { disks } = withVolume(implied, added).domain.devices;
  assert.deepEqual(disks, [
    { name: "root", disk: {} },
    { name: "data", disk: { bus: "scsi" } },
  ]);
  assert.deepEqual(implied.domain.devices, {});
});

test("what cannot be plugged in is refused while the machine runs, and comes to a stopped one", () => {
  for (const [what, disk, says] of wontPlug) {
    const asked = of({ disk });
    isDenied(mayAddToMachine({ vm: machine(), vmi: running() }, asked, undefined), "Conflict", says, what);
    isDenied(mayAddToInstance(running(), asked, undefined), "Conflict", says, what);
    assert.equal(mayAddToMachine({ vm: machine(), vmi: undefined }, asked, undefined).verdict, "do", what);
  }
});

test("into an empty drive comes a medium, and the drive stays when it goes", () => {
  const drive: Change = ({ domain }) => void domain.devices.disks?.push({ name: "data", cdrom: { bus: "sata" } });
  const vm = machine(drive);
  const asked = of({ disk: { cdrom: {} } });
  const verdict = mayAddToMachine({ vm, vmi: running(drive) }, asked, claim("Filesystem"));
  assert.ok(verdict.verdict === "do");
  const { disks } = verdict.spec.domain.devices;
  assert.deepEqual([disks, verdict.spec.volumes?.at(-1)?.name], [vm.spec.template.spec.domain.devices.disks, "data"]);
  assert.deepEqual(withoutVolume(verdict.spec, "data"), vm.spec.template.spec);
});

test("why a volume is not added to a machine", () => {
  const table: [string, VirtualMachine, VirtualMachineInstance | undefined, RegExp][] = [
    ["its name", machine(), undefined, /volume \[root\] because volume with that name already exists/],
    ["its claim", machine(has()), undefined, /volume source \[data\] because it already exists/],
    ["its claim, in the instance", machine(), running(has()), /volume source \[data\] because it already exists/],
    ["its claim is a dump's", machine(dumped), undefined, /pvc \[data\] holds the machine's memory dump/],
  ];
  for (const [what, vm, vmi, says] of table) {
    const asked = of({ name: what === "its name" ? "root" : "other" });
    isDenied(mayAddToMachine({ vm, vmi }, asked, undefined), "Conflict", says, what);
  }
});

test("why a volume is not added to a running instance", () => {
  const table: [string, VirtualMachineInstance, RegExp, PersistentVolumeClaim?][] = [
    ["one that starts", running(undefined, { phase: "Scheduled" }), /VMI is not running/],
    ["the same once more", running(has()), /with that name already exists/],
    ["one that leaves", running(undefined, leaving), /still being unplugged/],
    ["a guest on its way", running(undefined, moving), /being migrated/],
    ["without hot-plug", running(noHotplug), /started with domain\.devices\.disableHotplug/],
    ["a block device", running(), /pvc \[data\] cannot be plugged in .*: its volumeMode is Block/, claim("Block")],
  ];
  for (const [what, vmi, says, found] of table) isDenied(mayAddToInstance(vmi, added, found), "Conflict", says, what);
  assert.deepEqual(mayAddToInstance(running(), added, undefined), { verdict: "do", spec: running(has()).spec });
});

test("an instance of a machine is changed by its machine", () => {
  const says = /^VMI default\/a is owned by a VM: .* by that VirtualMachine's subresource$/;
  isDenied(mayAddToInstance(owned(running()), added, undefined), "BadRequest", says, "add");
  isDenied(mayRemoveFromInstance(owned(running(has())), "data"), "BadRequest", says, "remove");
});

test("a volume goes with its disk, and the spec is as before", () => {
  const vm = machine(has());
  for (const vmi of [undefined, running(has()), running()])
    assert.deepEqual(mayRemoveFromMachine({ vm, vmi }, "data"), { verdict: "do", spec: sampleSpec() });
  assert.deepEqual(mayRemoveFromInstance(running(has()), "data"), { verdict: "do", spec: running().spec });
});

test("the last one leaves no empty lists", () => {
  const bare: VirtualMachineInstanceSpec = { domain: { devices: {} } };
  assert.deepEqual(withoutVolume(withVolume(bare, added), "data"), bare);
});

test("why a volume is not removed", () => {
  const table: [string, Change, VirtualMachineInstance["status"], RegExp][] = [
    ["there is none", () => undefined, {}, /volume \[data\] because it does not exist/],
    ["one that is to stay", has("scsi", false), {}, /volume \[data\] because it is not hotpluggable/],
    ["a guest on its way", has(), moving, /being migrated/],
    ["on sata", has("sata"), {}, /cannot be unplugged while the machine runs: its bus is sata/],
    ["a file system", inFilesystem, {}, /cannot be unplugged .*: it is a file system of the guest/],
  ];
  for (const [what, change, status, says] of table) {
    const vmi = running(change, status);
    isDenied(mayRemoveFromInstance(vmi, "data"), "Conflict", says, what);
    isDenied(mayRemoveFromMachine({ vm: machine(change), vmi }, "data"), "Conflict", says, what);
  }
  assert.equal(mayRemoveFromMachine({ vm: machine(has("sata")), vmi: undefined }, "data").verdict, "do");
  assert.equal(mayAddToMachine({ vm: machine(), vmi: undefined }, sata, undefined).verdict, "do");
});
