import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import { withDumpVolume } from "../../../api/kubevirt/memory-dump.ts";
import type { VirtualMachineInstance, VirtualMachineInstanceSpec } from "../../../api/kubevirt/types.ts";
import { type Change, changedSince, withTemplate } from "./changed-template.fixture.ts";
import type { Observation } from "./observation.ts";
import { plan } from "./plan.ts";
import { withPluggedVolumes } from "./plug-volumes.ts";
import { decideStatus } from "./status.ts";

type Volume = NonNullable<VirtualMachineInstanceSpec["volumes"]>[number];
type Disk = NonNullable<VirtualMachineInstanceSpec["domain"]["devices"]["disks"]>[number];

const add =
  (disk: Partial<Disk> = { disk: { bus: "scsi" } }, source: Partial<Volume["persistentVolumeClaim"]> = {}): Change =>
  (spec) => {
    const persistentVolumeClaim = { claimName: "claim", hotpluggable: true, ...source };
    spec.volumes = [...(spec.volumes ?? []), { name: "data", persistentVolumeClaim }];
    spec.domain.devices.disks = [...(spec.domain.devices.disks ?? []), { name: "data", ...disk }];
  };
const remove: Change = (spec) => {
  spec.volumes = spec.volumes?.filter(({ name }) => name !== "data");
  spec.domain.devices.disks = spec.domain.devices.disks?.filter(({ name }) => name !== "data");
};
const both =
  (...changes: Change[]): Change =>
  (spec) => {
    for (const change of changes) change(spec);
  };

function updated(observation: Observation): VirtualMachineInstance | undefined {
  const [action] = plan(observation);
  return action?.type === "updateVmi" ? action.vmi : undefined;
}
const restartMessage = (observation: Observation): string | undefined =>
  decideStatus(observation).conditions?.find(({ type }) => type === "RestartRequired")?.message;
const names = (items: { name: string }[] | undefined) => items?.map(({ name }) => name);
const volumesOf = (vmi: VirtualMachineInstance | undefined) => [
  names(vmi?.spec.volumes),
  names(vmi?.spec.domain.devices.disks),
];

for (const bus of ["scsi", "virtio"])
  test(`a claim on ${bus} is plugged in, and unplugged again`, () => {
    const observation = changedSince(add({ disk: { bus } }));
    const vmi = updated(observation);
    assert.deepEqual(volumesOf(vmi), [
      ["root", "data"],
      ["root", "data"],
    ]);
    const told = { ...observation, instance: vmi };
    assert.deepEqual([plan(told), restartMessage(told)], [[], undefined]);
    const gone = withTemplate(told, remove);
    assert.equal(restartMessage(gone), undefined);
    assert.deepEqual(updated(gone)?.spec, observation.instance?.spec);
    assert.deepEqual(plan({ ...gone, instance: updated(gone) }), []);
  });

test("a medium comes into a drive, is exchanged, and goes; the drive stays", () => {
  const eject: Change = (spec) => void (spec.volumes = spec.volumes?.filter(({ name }) => name !== "data"));
  const emptyDrive = both(add({ cdrom: { bus: "sata" } }), eject);
  const insert =
    (claimName: string): Change =>
    (spec) => {
      eject(spec);
      spec.volumes?.push({ name: "data", persistentVolumeClaim: { claimName, hotpluggable: true } });
    };
  const observation = changedSince(insert("one"), emptyDrive);
  const inserted = updated(observation);
  assert.deepEqual(volumesOf(inserted), [
    ["root", "data"],
    ["root", "data"],
  ]);
  const exchanging = withTemplate({ ...observation, instance: inserted }, insert("two"));
  const exchanged = updated(exchanging);
  assert.equal(exchanged?.spec.volumes?.at(-1)?.persistentVolumeClaim?.claimName, "two");
  const ejecting = withTemplate({ ...exchanging, instance: exchanged }, eject);
  assert.deepEqual(updated(ejecting)?.spec, observation.instance?.spec);
  for (const each of [observation, exchanging, ejecting]) assert.equal(restartMessage(each), undefined);
});

test("one that was there from the start goes, too", () => {
  const observation = changedSince(remove, add());
  assert.deepEqual(volumesOf(updated(observation)), [["root"], ["root"]]);
  assert.equal(restartMessage(observation), undefined);
});

test("volumes come and go also where other changes wait for a restart", () => {
  const configuration = { ...defaultConfiguration, vmRolloutStrategy: "Stage" as const };
  const observation = { ...changedSince(add()), configuration };
  assert.deepEqual(volumesOf(updated(observation))[0], ["root", "data"]);
  assert.equal(restartMessage(observation), undefined);
});

const filesystem: Change = (spec) => {
  add()(spec);
  spec.domain.devices.disks?.pop();
  spec.domain.devices.filesystems = [{ name: "data", virtiofs: {} }];
};
const withoutFilesystem: Change = (spec) => {
  remove(spec);
  delete spec.domain.devices.filesystems;
};
const noHotplug: Change = ({ domain }) => void (domain.devices.disableHotplug = true);
const claimOf =
  (claimName: string): Change =>
  ({ volumes = [] }) => {
    for (const { persistentVolumeClaim } of volumes)
      if (persistentVolumeClaim) persistentVolumeClaim.claimName = claimName;
  };
const busOf =
  (bus: string): Change =>
  ({ domain }) => {
    for (const { name, disk } of domain.devices.disks ?? []) if (name === "data" && disk) disk.bus = bus;
  };
const atData = /spec\.template\.spec\.domain\.devices\.disks\[data\]/.source;

const waiting: [what: string, change: Change, atStart: Change, says: RegExp][] = [
  ["one that is not hotpluggable", add({}, { hotpluggable: false }), () => undefined, RegExp(`${atData},`)],
  ["a disk on sata", add({ disk: { bus: "sata" } }), () => undefined, RegExp(`${atData} \\(its bus is sata: `)],
  ["a disk on the default bus", add({}), () => undefined, RegExp(`${atData} \\(its bus is sata: `)],
  ["a disk on usb", add({ disk: { bus: "usb" } }), () => undefined, RegExp(`${atData} \\(its bus is usb: `)],
  ["a cdrom drive", add({ cdrom: { bus: "scsi" } }), () => undefined, RegExp(`${atData} \\(a cdrom drive is there`)],
  ["a lun", add({ lun: { bus: "scsi" } }), () => undefined, RegExp(`${atData} \\(a lun stays`)],
  ["a machine without hot-plug", add(), noHotplug, RegExp(`${atData} \\(the machine was started with`)],
  ["a file system", filesystem, () => undefined, /spec\.template\.spec\.volumes\[data\]/],
  ["another claim", claimOf("other"), add(), /volumes\[data\]\.persistentVolumeClaim\.claimName$/],
  ["another bus", busOf("virtio"), add(), /disks\[data\]\.disk\.bus$/],
  ["that one on sata goes", remove, add({ disk: { bus: "sata" } }), RegExp(`${atData} \\(its bus is sata: `)],
  ["that a file system goes", withoutFilesystem, filesystem, /spec\.template\.spec\.volumes\[data\]/],
];

for (const [what, change, atStart, says] of waiting)
  test(`waits for a restart: ${what}`, () => {
    const observation = changedSince(change, atStart);
    assert.match(restartMessage(observation) ?? "", says);
    assert.equal(updated(observation), undefined);
  });

test("a guest on its way to another launcher is told afterwards", () => {
  const { instance, ...observation } = changedSince(add());
  const migrationState = { migrationUid: "m", startTimestamp: "2026-01-01T00:00:00Z" };
  const moving = instance && { ...instance, status: { phase: "Running", migrationState } };
  assert.deepEqual(plan({ ...observation, instance: moving }), []);
});

test("what is plugged in beside a change that waits is unplugged when both are taken back", () => {
  const observation = changedSince(both(add(), (spec) => void (spec.hostname = "b")));
  const vmi = updated(observation);
  assert.deepEqual(volumesOf(vmi)[0], ["root", "data"]);
  const told = { ...observation, instance: vmi };
  assert.deepEqual(plan(told), []);
  assert.match(restartMessage(told) ?? "", /: spec\.template\.spec\.hostname$/);
  const back = withTemplate(
    told,
    both(remove, (spec) => void delete spec.hostname),
  );
  assert.deepEqual(updated(back)?.spec, observation.instance?.spec);
});

test("a dump's volume is left where it is", () => {
  const observation = changedSince(add());
  const { instance } = observation;
  const dumping = instance && { ...instance, spec: withDumpVolume(instance.spec, "dump") };
  assert.deepEqual(volumesOf(updated({ ...observation, instance: dumping }))[0], ["root", "dump", "data"]);
});

test("an empty list is as good as none", () => {
  const bare: VirtualMachineInstanceSpec = { domain: { devices: {} } };
  const empty: VirtualMachineInstanceSpec = { domain: { devices: { disks: [] } }, volumes: [] };
  const one = structuredClone(bare);
  add()(one);
  const onSata = structuredClone(bare);
  add({ disk: { bus: "sata" } })(onSata);
  for (const wanted of [bare, empty]) {
    assert.deepEqual(JSON.parse(JSON.stringify(withPluggedVolumes(one, wanted))), wanted);
    assert.equal(withPluggedVolumes(onSata, wanted), onSata);
  }
});
