/** Media of cdrom drives come, are exchanged and go while a machine runs; so does a claim that it was started with. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { importImage } from "./import-image.ts";
import { eventually, succeed } from "./instance.ts";
import { machine, type NamedVolume } from "./machines.ts";
import { pidOf } from "./parts.ts";
import { podProcesses } from "./processes.ts";
import { useInstance } from "./use-instance.ts";

const instance = useInstance("vmtmedia", 18);
const { apply, fieldOf, kubectl, vmpod } = instance;
const name = "player";

const claim = (claimName: string): object => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: claimName },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "4Mi" } } },
});
const hotpluggable = (volume: string, claimName: string): NamedVolume => ({
  name: volume,
  persistentVolumeClaim: { claimName, hotpluggable: true },
});
/** With an empty drive on each bus, and a disk that may go. */
const player = machine({
  name,
  volumes: [hotpluggable("own", "own")],
}) as { spec: { template: { spec: { domain: { devices: { disks: object[] } } } } } };
player.spec.template.spec.domain.devices.disks.push(
  { name: "films", cdrom: { bus: "scsi" } },
  { name: "music", cdrom: { bus: "sata" } },
);

before(async () => {
  await importImage(instance, "guest");
  apply(...["own", "first", "second", "third"].map(claim), player);
  await eventually(
    "its agent answers",
    120_000,
    () => fieldOf(`vmi/${name}`, '.status.conditions[?(@.type=="AgentConnected")].status') === "True" || undefined,
    () => kubectl("get", "vmi,pods", "-o", "yaml"),
  );
});

const inGuest = (command: string): string =>
  succeed(vmpod("exec", name, "--", "sh", "-c", command), `in the guest: ${command}`).trim();
const bootId = (): string => inGuest("cat /proc/sys/kernel/random/boot_id");
const claimed = `jsonpath={range .status.volumeStatus[?(@.persistentVolumeClaimInfo)]}{.name} {.persistentVolumeClaimInfo.claimName} {.phase};{end}`;
const plugged = (): string => kubectl("get", "vmi", name, "-o", claimed);
const untilPlugged = (wanted: string) =>
  eventually(
    `volumes: ${wanted}`,
    60_000,
    () => plugged() === wanted || undefined,
    () => kubectl("get", "vmi,pods", "-o", "yaml"),
  );
const ownIsThere = "own own ;";

/** In the template: what the drive has, or nothing. */
function put(drive: string, claimName?: string): void {
  const path = "{.spec.template.spec.volumes}";
  const volumes = JSON.parse(kubectl("get", "vm", name, "-o", `jsonpath=${path}`)) as NamedVolume[];
  const others = volumes.filter((volume) => volume.name !== drive);
  const spec = { volumes: claimName === undefined ? others : [...others, hotpluggable(drive, claimName)] };
  kubectl("patch", "vm", name, "--type=merge", "-p", JSON.stringify({ spec: { template: { spec } } }));
}

/** On what a claim holds, which must be there. */
function label(claimName: string): void {
  const paths = `jsonpath={.items[?(@.spec.claimRef.name=='${claimName}')].spec.hostPath.path}`;
  writeFileSync(join(kubectl("get", "pv", "-o", paths), "disk.img"), `this is ${claimName}\n`, { flag: "r+" });
}

const read = (): string => inGuest("dd if=/dev/sr0 bs=2048 count=1 2>&1 | head -n 1 | tr -d '\\000'");
const untilRead = (text: string) =>
  eventually(`the guest reads ${text}`, 60_000, () => read().includes(text) || undefined, read);

test("a medium comes into an empty drive, is exchanged while its agent is killed, and goes", async () => {
  const boot = bootId();
  assert.match(read(), /No medium found/);
  put("films", "first");
  await untilPlugged(`${ownIsThere}films first Ready;`);
  label("first");
  await untilRead("this is first");
  put("films", "second");
  process.kill(pidOf(instance, "agent") ?? assert.fail("no agent"), "SIGKILL");
  await untilPlugged(`${ownIsThere}films second Ready;`);
  label("second");
  await untilRead("this is second");
  await eventually("one server is left", 60_000, () => servers() === 1 || undefined);
  put("films");
  await untilPlugged(ownIsThere);
  await untilRead("No medium found");
  put("films", "first");
  await untilRead("this is first");
  put("films");
  await eventually("nobody serves", 60_000, () => servers() === 0 || undefined);
  assert.equal(bootId(), boot);
  assert.doesNotMatch(fieldOf(`vm/${name}`, ".status.conditions[*].type"), /RestartRequired/);
});

const servers = (): number => podProcesses(instance.name).filter((each) => each.name === "qemu-nbd").length;

test("so it does in a drive on sata, which Debian's cloud kernel does not see; removevolume ejects it", async () => {
  put("music", "second");
  await untilPlugged(`${ownIsThere}music second Ready;`);
  succeed(vmpod("removevolume", name, "--volume-name=music"), "removevolume");
  await untilPlugged(ownIsThere);
  assert.match(fieldOf(`vm/${name}`, ".spec.template.spec.domain.devices.disks[*].name"), / films music$/);
});

const disks = (): string => inGuest("cd /sys/block && echo vd*");

test("a claim that the machine was started with goes, and comes again with what was written", async () => {
  const boot = bootId();
  assert.equal(disks(), "vda vdb vdc");
  inGuest("echo kept | dd of=/dev/vdc bs=512 conv=sync,fsync 2>/dev/null");
  succeed(vmpod("removevolume", name, "--volume-name=own"), "removevolume");
  await eventually("it is gone", 60_000, () => disks() === "vda vdb" || undefined, disks);
  succeed(vmpod("addvolume", name, "--volume-name=own", "--bus=virtio"), "addvolume");
  await eventually("it is back", 60_000, () => disks() === "vda vdb vdc" || undefined, disks);
  assert.equal(inGuest("dd if=/dev/vdc bs=512 count=1 2>/dev/null | tr -d '\\000'"), "kept");
  assert.equal(servers(), 0, "its launcher has the claim");
  succeed(vmpod("removevolume", name, "--volume-name=own"), "removevolume");
  await eventually("it is gone", 60_000, () => disks() === "vda vdb" || undefined, disks);
  succeed(vmpod("addvolume", name, "--volume-name=third", "--disk-name=own", "--bus=virtio"), "addvolume");
  await untilPlugged("own third Ready;");
  assert.equal(servers(), 1);
  assert.equal(inGuest("dd if=/dev/vdc bs=512 count=1 2>/dev/null | tr -d '\\000'"), "", "another claim");
  assert.equal(bootId(), boot);
});
