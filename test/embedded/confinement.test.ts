/** What a guest that broke out of QEMU would find: no privilege, no other process, nothing to write but its own volumes. */
import assert from "node:assert/strict";
import { readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { eventually } from "./instance.ts";
import { machine, smallestMemory } from "./machines.ts";
import { allPids, argvOf, qemusOf, readProc } from "./processes.ts";
import { useInstance } from "./use-instance.ts";

const instance = useInstance("vmtconf", 1);
let pid = 0;

before(async () => {
  instance.apply(machine({ name: "captive", memory: smallestMemory }));
  await eventually("the machine runs", 60_000, () =>
    instance.fieldOf("vmi/captive", ".status.phase") === "Running" ? true : undefined,
  );
  const qemus = qemusOf(instance.name, "captive");
  assert.equal(qemus.length, 1);
  pid = qemus[0]?.pid ?? 0;
});

test("QEMU runs as 107 without capabilities, cannot gain any, and its system calls are filtered", () => {
  const status = new Map(
    readProc(pid, "status")
      .split("\n")
      .map((line) => line.split(":\t") as [string, string]),
  );
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
    assert.equal(status.get(set), "0000000000000000", set);
  }
  assert.equal(status.get("NoNewPrivs"), "1");
  assert.equal(status.get("Seccomp"), "2");
  assert.equal(status.get("Uid"), "107\t107\t107\t107");
  assert.equal(status.get("Gid"), "107\t107\t107\t107");
});

test("QEMU's own sandbox denies what it never needs", () => {
  const argv = argvOf(pid);
  const sandbox = argv[argv.indexOf("-sandbox") + 1];
  assert.deepEqual(sandbox?.split(",").sort(), [
    "elevateprivileges=deny",
    "obsolete=deny",
    "on",
    "resourcecontrol=deny",
    "spawn=deny",
  ]);
});

test("QEMU is alone in its namespace of processes, and in none of the host's", () => {
  const own = namespaceOf(pid, "pid");
  assert.deepEqual(
    allPids().filter((other) => namespaceOf(other, "pid") === own),
    [pid],
  );
  for (const kind of ["pid", "mnt", "net", "ipc", "uts"]) {
    assert.notEqual(namespaceOf(pid, kind), namespaceOf(process.pid, kind), kind);
  }
});

test("only its volumes and the kernel's own file systems can be written", () => {
  const mounts = readProc(pid, "mountinfo").trim().split("\n").map(parseMount);
  assert.ok(mounts.find(({ path }) => path === "/")?.readOnly, "the root file system is read-only");
  const writable = mounts.filter(({ readOnly, type }) => !readOnly && !kernelTypes.has(type)).map(({ path }) => path);
  assert.deepEqual(writable.sort(), ["/dev/termination-log", "/etc/hosts", "/run/vmpod", "/var/run/vmpod/disks"]);
});

test("even root is refused to write elsewhere in there", () => {
  for (const path of ["/probe", "/etc/probe", "/usr/bin/probe", "/var/run/vmpod/container-disks/root/disk/probe"]) {
    assert.throws(() => writeFileSync(join(`/proc/${pid}/root`, path), "x"), { code: "EROFS" }, path);
  }
});

/** They hold no files of anyone; what of them may be written is a matter of the uid and of capabilities. */
const kernelTypes = new Set(["proc", "sysfs", "tmpfs", "devpts", "mqueue", "cgroup", "cgroup2"]);

interface Mount {
  path: string;
  readOnly: boolean;
  type: string;
}

/** `36 35 98:0 /sub /path ro,noatime master:1 - ext4 /dev/sda rw` */
function parseMount(line: string): Mount {
  const [before = "", after = ""] = line.split(" - ");
  const [, , , , path = "", options = ""] = before.split(" ");
  return { path, readOnly: options.split(",").includes("ro"), type: after.split(" ")[0] ?? "" };
}

function namespaceOf(process: number, kind: string): string {
  try {
    return readlinkSync(`/proc/${process}/ns/${kind}`);
  } catch {
    return ""; // it ended while we looked
  }
}
