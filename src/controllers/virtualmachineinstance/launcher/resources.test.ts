import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../../../../api/kubevirt/configuration.ts";
import { sampleVmi } from "../../../../api/kubevirt/sample.ts";
import type { Domain } from "../../../../api/kubevirt/types.ts";
import { launcherResources } from "./resources.ts";
import { memoryOverheadBytes } from "./memory-overhead.ts";

const specOf = (memory: Domain["memory"], resources?: Domain["resources"]) =>
  sampleVmi(({ spec }) => {
    spec.domain.memory = memory;
    if (resources) spec.domain.resources = resources;
  }).spec;

test("in huge pages lies the guest, in small ones QEMU", () => {
  const spec = specOf(
    { guest: "256Mi", hugepages: { pageSize: "2Mi" } },
    { requests: { memory: "256Mi" }, limits: { memory: "256Mi" } },
  );
  const { requests, limits } = launcherResources(spec, "kvm", defaultConfiguration);
  const overhead = String(memoryOverheadBytes(spec, "kvm"));
  for (const amounts of [requests, limits])
    assert.deepEqual([amounts["hugepages-2Mi"], amounts["memory"]], ["256Mi", overhead]);
});

test("what is added to the overhead is asked for", () => {
  const memoryOf = (addedOverhead?: string) => {
    const spec = specOf({ guest: "256Mi", ...(addedOverhead && { reservedOverhead: { addedOverhead } }) });
    return Number(launcherResources(spec, "kvm", defaultConfiguration).requests["memory"]);
  };
  assert.equal(memoryOf("64Mi") - memoryOf(), 64 * 1024 ** 2);
});

test("processors of its own are asked for as nobody can ask for less, and one more for an isolated emulator", () => {
  const of = (cpu: Domain["cpu"], resources?: Domain["resources"]) => {
    const spec = specOf({ guest: "256Mi" }, resources);
    spec.domain.cpu = { sockets: 2, dedicatedCpuPlacement: true, ...cpu };
    const { requests, limits } = launcherResources(spec, "kvm", defaultConfiguration);
    assert.deepEqual(requests, limits);
    return [requests["cpu"], Number(requests["memory"]) - memoryOverheadBytes(spec, "kvm")];
  };
  const mebibyte = 1024 ** 2;
  assert.deepEqual(of({}), ["2", 256 * mebibyte]);
  assert.deepEqual(of({ isolateEmulatorThread: true }), ["3", 256 * mebibyte]);
  assert.deepEqual(of({}, { requests: { memory: "300Mi", cpu: "2" } }), ["2", 300 * mebibyte]);
  assert.deepEqual(of({}, { requests: { memory: "100Mi" } }), ["2", 256 * mebibyte]);
  assert.deepEqual(of({ threads: 2 }, { limits: { memory: "320Mi" } }), ["4", 320 * mebibyte]);
});

test("an overcommitted node is asked for less than the guest has", () => {
  const memoryOf = (percent: number) => {
    const spec = specOf({ guest: "300Mi" });
    const configuration = { ...defaultConfiguration, memoryOvercommitPercent: percent };
    return Number(launcherResources(spec, "kvm", configuration).requests["memory"]) - memoryOverheadBytes(spec, "kvm");
  };
  assert.equal(memoryOf(150), 200 * 1024 ** 2);
  assert.equal(memoryOf(100), 300 * 1024 ** 2);
});

test("limits that nobody asked for are at least what is requested, and never replace the user's", () => {
  const limitsOf = (resources: Domain["resources"], cpu: Domain["cpu"] = { sockets: 2 }) => {
    const spec = specOf({ guest: "256Mi" }, resources);
    spec.domain.cpu = cpu;
    const auto = { cpu: true, memoryRatio: 1.5 };
    const { requests, limits } = launcherResources(spec, "kvm", defaultConfiguration, auto);
    return [limits["cpu"], Number(limits["memory"]) / Number(requests["memory"])];
  };
  assert.deepEqual(limitsOf(undefined), ["2", 1.5]);
  assert.deepEqual(limitsOf({ requests: { cpu: "2500m" } }), ["2500m", 1.5]);
  assert.deepEqual(limitsOf({ limits: { cpu: "4", memory: "256Mi" } }), ["4", 1]);
  assert.deepEqual(limitsOf(undefined, { sockets: 2, dedicatedCpuPlacement: true }), ["2", 1]);
});
