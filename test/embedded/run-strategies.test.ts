/** Real guests that power themselves off or crash: who is started again, and who is not; and other ways to be a machine. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { connects } from "./connects.ts";
import { fetchText } from "./fetch-text.ts";
import { eventually } from "./instance.ts";
import { lonelyInstance, machine, type MachineOptions, smallestMemory } from "./machines.ts";
import { qemusOf } from "./processes.ts";
import { useInstance } from "./use-instance.ts";

const instance = useInstance("vmtruns", 2);
const { apply, fieldOf, tryKubectl, kubectl } = instance;
const bootMs = 180_000;
const stopMs = 60_000;

/** The guest powers off when someone connects to this port. */
const offPort = 9;
const offOnOrder = `(nc -l -p ${offPort} </dev/null; poweroff) >/dev/null 2>&1 &`;
const obedient = (name: string, options: Partial<MachineOptions> = {}): MachineOptions => ({
  name,
  memory: smallestMemory,
  runcmd: [offOnOrder],
  ...options,
});

const odd: Partial<MachineOptions> = {
  bus: "sata",
  seed: "cloudInitConfigDrive",
  volumes: [{ name: "scratch", emptyDisk: { capacity: "256Mi" } }],
  runcmd: ["cat /sys/class/block/vd*/size >/www/sizes", "cat /run/cloud-init/datasource >/www/datasource", offOnOrder],
};

before(() => {
  apply(
    machine(obedient("always")),
    machine(obedient("rerun", { runStrategy: "RerunOnFailure" })),
    machine(obedient("manual", { runStrategy: "Manual" })),
    machine(obedient("halted", { runStrategy: "Halted" })),
    machine(obedient("once", { runStrategy: "Once" })),
    lonelyInstance(obedient("lonely", odd)),
  );
});

test("Always: a guest that powers off is started again", async () => {
  const first = await booted("always");
  await powerOff("always");
  assert.notEqual(await running("always", first), first);
});

test("RerunOnFailure: a crash is followed by another instance, a power-off is not", async () => {
  const first = await running("rerun");
  const [qemu] = qemusOf(instance.name, "rerun");
  assert.ok(qemu);
  process.kill(qemu.pid, "SIGKILL");
  const second = await booted("rerun", first);
  await powerOff("rerun");
  await ended("rerun");
  assert.equal(fieldOf("vmi/rerun", ".metadata.uid").replace(second, ""), "", "no further instance");
  assert.equal(qemusOf(instance.name, "rerun").length, 0);
});

test("Manual: only its owner starts it", async () => {
  assert.equal(fieldOf("vm/manual", ".status.printableStatus"), "Stopped");
  assert.equal(fieldOf("vmi/manual", ".metadata.uid"), "");
  start("manual");
  const first = await booted("manual");
  await powerOff("manual");
  await ended("manual");
  start("manual");
  assert.notEqual(await running("manual", first), first);
  stop("manual");
  await ended("manual");
});

test("Halted: nothing runs until it is started", async () => {
  assert.equal(fieldOf("vm/halted", ".status.printableStatus"), "Stopped");
  assert.equal(fieldOf("vmi/halted", ".metadata.uid"), "");
  start("halted");
  await running("halted");
  stop("halted");
  await ended("halted");
  kubectl("delete", "vm", "always", "halted", "manual", "rerun", "--timeout=60s");
});

test("Once: it runs to its end, and that is all", async () => {
  const uid = await booted("once");
  await powerOff("once");
  await becomes("vmi/once", ".status.phase", "Succeeded");
  assert.equal(fieldOf("vmi/once", ".metadata.uid"), uid);
  assert.equal(qemusOf(instance.name, "once").length, 0);
});

test("a sata disk boots; an emptyDisk has its size; a ConfigDrive is read", async () => {
  await booted("lonely");
  const page = (path: string) =>
    fetchText(`http://${fieldOf("vmi/lonely", ".status.interfaces[0].ipAddress")}/${path}`);
  assert.equal(await eventually("the guest tells its data source", bootMs, () => page("datasource")), "ConfigDrive");
  const sectors = await eventually("the guest tells its disks", 60_000, () => page("sizes"));
  assert.ok(sectors.split("\n").includes(String((256 * 2 ** 20) / 512)), sectors);
});

test("an instance without a VirtualMachine ends with its guest, and is gone when deleted", async () => {
  await powerOff("lonely");
  await becomes("vmi/lonely", ".status.phase", "Succeeded");
  kubectl("delete", "vmi", "lonely", "--timeout=60s");
  const pods = () => kubectl("get", "pods", "-l", "machine=lonely", "-o", "name");
  await eventually("its pod is gone", stopMs, () => pods() === "" || undefined, pods);
});

/** Waits until QEMU runs, in another instance than `previous`. @returns the instance's uid */
const running = (name: string, previous = ""): Promise<string> =>
  reaches(`${name} runs${previous && " again"}`, name, previous, /^Running/);

/** Waits until its guest agent answers, too. */
const booted = (name: string, previous = ""): Promise<string> =>
  reaches(`${name} has booted${previous && " again"}`, name, previous, /^Running True$/);

function reaches(what: string, name: string, previous: string, state: RegExp): Promise<string> {
  const path = '{.metadata.uid}/{.status.phase} {.status.conditions[?(@.type=="AgentConnected")].status}';
  return eventually(
    what,
    bootMs,
    () => {
      const { stdout } = tryKubectl(["get", "vmi", name, "-o", `jsonpath=${path}`]);
      const [uid = "", now = ""] = stdout.split("/");
      return state.test(now) && uid !== previous ? uid : undefined;
    },
    () => tryKubectl(["get", "vm,vmi,pods"]).stdout,
  );
}

/** The port is open once the guest has come to its run commands; a refused connection is tried again. */
async function powerOff(name: string): Promise<void> {
  const address = fieldOf(`vmi/${name}`, ".status.interfaces[0].ipAddress");
  const uid = fieldOf(`vmi/${name}`, ".metadata.uid");
  await eventually(`${name} takes the request to power off`, stopMs, async () => {
    if (await connects(address, offPort)) return true;
    const now = fieldOf(`vmi/${name}`, ".metadata.uid");
    return now === uid ? undefined : true; // it did, and is another one already
  });
}

async function ended(name: string): Promise<void> {
  await becomes(`vm/${name}`, ".status.printableStatus", "Stopped");
}

async function becomes(object: string, path: string, wanted: string): Promise<void> {
  const look = () => fieldOf(object, path);
  await eventually(`${object} ${path} is ${wanted}`, stopMs, () => look() === wanted || undefined, look);
}

function start(name: string): void {
  const { status, stderr } = instance.vmpod("start", name);
  assert.equal(status, 0, stderr);
}

/** A guest that still boots would not heed its power button. */
function stop(name: string): void {
  const { status, stderr } = instance.vmpod("stop", name, "--force", "--grace-period", "0");
  assert.equal(status, 0, stderr);
}
