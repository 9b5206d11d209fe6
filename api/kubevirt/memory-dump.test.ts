import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolumeClaim } from "../core.ts";
import {
  dumpBytes,
  dumpVolume,
  mayDumpMemory,
  mayRemoveDump,
  type MemoryDumpRequest,
  withDumpVolume,
  withoutDumpVolume,
} from "./memory-dump.ts";
import { sampleSpec, sampleVm, sampleVmi } from "./sample.ts";
import type { VirtualMachineInstance } from "./types.ts";

function claim(spec: PersistentVolumeClaim["spec"] = {}, name = "dump"): PersistentVolumeClaim {
  const fits = { accessModes: ["ReadWriteOnce" as const], resources: { requests: { storage: "228Mi" } } };
  return { metadata: { name }, spec: { ...fits, ...spec } };
}

function running(change: (vmi: VirtualMachineInstance) => void = () => undefined): VirtualMachineInstance {
  return sampleVmi((vmi) => {
    vmi.status = { phase: "Running" };
    change(vmi);
  });
}

const asked = (memoryDumpRequest?: MemoryDumpRequest) =>
  sampleVm((vm) => {
    vm.status = memoryDumpRequest ? { memoryDumpRequest } : {};
  });
const request = (phase: string): MemoryDumpRequest => ({ claimName: "dump", phase });

test("when memory may be dumped, and why not", () => {
  const migrating = running((vmi) => {
    vmi.status = { phase: "Running", migrationState: { startTimestamp: "2026-01-01T00:00:00Z" } };
  });
  const withDisk = running((vmi) => {
    vmi.spec.volumes?.push({ name: "data", persistentVolumeClaim: { claimName: "dump" } });
  });
  const withName = running((vmi) => {
    vmi.spec.volumes?.push({ name: "dump", emptyDisk: { capacity: "1Mi" } });
  });
  const small = { resources: { requests: { storage: "227Mi" } } };
  const table: [string, Partial<Parameters<typeof mayDumpMemory>[0]>, RegExp | undefined][] = [
    ["for the first time", {}, undefined],
    ["again", { vm: asked(request("Completed")) }, undefined],
    ["after a failure", { vm: asked(request("Failed")) }, undefined],
    ["one is asked for", { vm: asked(request("Associating")) }, /already in progress/],
    ["one is written", { vm: asked(request("InProgress")) }, /already in progress/],
    ["one lets go", { vm: asked(request("Unmounting")) }, /already in progress/],
    ["its claim is let go", { vm: asked(request("Dissociating")) }, /remove memory dump request is in progress/],
    ["no instance", { vmi: undefined }, /VMI is not running/],
    ["an instance that starts", { vmi: sampleVmi() }, /VMI is not running/],
    ["a guest on its way", { vmi: migrating }, /being migrated/],
    ["a block claim", { claim: claim({ volumeMode: "Block" }) }, /should be filesystem pvc/],
    ["a claim that is read", { claim: claim({ accessModes: ["ReadOnlyMany"] }) }, /can't be read only/],
    ["a small claim", { claim: claim(small) }, /pvc size \[227Mi\] should be bigger then \[228Mi\]/],
    ["a claim that is a disk", { vmi: withDisk }, /is a disk of the machine/],
    ["a name that is taken", { vmi: withName }, /has a volume dump already/],
  ];
  for (const [name, change, expected] of table) {
    const verdict = mayDumpMemory({ vm: asked(), vmi: running(), claim: claim(), ...change });
    if (expected === undefined) assert.deepEqual(verdict, { verdict: "do" }, name);
    else assert.match(verdict.verdict === "denied" ? verdict.message : "", expected, name);
  }
});

test("what is not associated cannot be removed, and what is only once", () => {
  assert.deepEqual(mayRemoveDump(asked(request("InProgress"))), { verdict: "do", claimName: "dump" });
  const isDenied = (vm: ReturnType<typeof asked>) => mayRemoveDump(vm).verdict === "denied";
  assert.ok(isDenied(asked()));
  assert.ok(isDenied(asked({ ...request("Dissociating"), remove: true })));
});

test("a dump's volume comes once and goes without a trace", () => {
  const spec = sampleSpec();
  const once = withDumpVolume(spec, "first");
  const other = withDumpVolume(once, "second");
  assert.deepEqual(
    other.volumes?.map(({ name }) => name),
    ["root", "second"],
  );
  assert.deepEqual(withoutDumpVolume(other), spec);
  assert.equal(withoutDumpVolume(other, "first"), other);
  const { volumes: _, ...bare } = spec;
  assert.deepEqual(withoutDumpVolume(withDumpVolume(bare, "first")), bare);
});

test("any claim's name makes a volume's name", () => {
  assert.equal(dumpVolume("my.dump").name, "my-dump");
  assert.equal(dumpVolume(`${"a".repeat(62)}.b`).name, "a".repeat(62));
});

test("a claim has room for the memory and what a core file holds beside it", () => {
  assert.equal(dumpBytes(sampleSpec()), 228 * 1024 ** 2);
});
