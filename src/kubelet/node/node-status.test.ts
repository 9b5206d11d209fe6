import assert from "node:assert/strict";
import { test } from "node:test";
import { type NodeFacts, nodeStatus } from "./node-status.ts";

const gib = 1024 ** 3;
const facts: NodeFacts = {
  hostname: "h",
  cpus: 4,
  memoryBytes: 8 * gib,
  memoryAvailableBytes: 4 * gib,
  hugePages: { "2Mi": 0, "1Gi": 0 },
  diskBytes: 100 * gib,
  diskAvailableBytes: 50 * gib,
  machineId: "m",
  systemUuid: "s",
  bootId: "b",
  kernelVersion: "6.1",
  osImage: "Debian",
  runtimeVersion: "containerd://1.6",
  notReady: undefined,
  images: [],
};
const options = {
  nodeIp: "192.0.2.1",
  port: 10_250,
  devices: [{ name: "devices.kubevirt.io/tun", capacity: 7, paths: [] }],
};
const nowMs = Date.parse("2026-01-01T12:00:00Z");
const of = (changed: Partial<NodeFacts>, before?: Parameters<typeof nodeStatus>[2]) =>
  nodeStatus({ ...facts, ...changed }, options, before, nowMs);
const conditionsOf = (status: ReturnType<typeof nodeStatus>) =>
  Object.fromEntries((status.conditions ?? []).map(({ type, status: value }) => [type, value]));

test("capacity and what of it pods may use", () => {
  const { capacity, allocatable, daemonEndpoints } = of({});
  assert.equal(capacity?.["cpu"], "4");
  assert.equal(capacity?.["memory"], `${8 * 1024 ** 2}Ki`);
  assert.equal(allocatable?.["memory"], `${8 * 1024 ** 2 - 256 * 1024}Ki`);
  assert.equal(allocatable?.["devices.kubevirt.io/tun"], "7");
  assert.equal(daemonEndpoints?.kubeletEndpoint?.Port, 10_250);
});

test("what is reserved is capacity, but nobody's", () => {
  const { capacity, allocatable } = nodeStatus(facts, { ...options, reservedCpus: [0] }, undefined, nowMs);
  assert.deepEqual([capacity?.["cpu"], allocatable?.["cpu"]], ["4", "3"]);
});

test("huge pages are memory of another kind", () => {
  const { allocatable } = of({ hugePages: { "2Mi": gib, "1Gi": 0 } });
  assert.deepEqual([allocatable?.["hugepages-2Mi"], allocatable?.["hugepages-1Gi"]], [`${1024 ** 2}Ki`, "0Ki"]);
  assert.equal(allocatable?.["memory"], `${7 * 1024 ** 2 - 256 * 1024}Ki`);
});

test("conditions follow the facts", () => {
  assert.deepEqual(conditionsOf(of({})), {
    MemoryPressure: "False",
    DiskPressure: "False",
    PIDPressure: "False",
    Ready: "True",
  });
  const bad = of({ memoryAvailableBytes: 1, diskAvailableBytes: 1, notReady: "container runtime is down" });
  assert.deepEqual(conditionsOf(bad), {
    MemoryPressure: "True",
    DiskPressure: "True",
    PIDPressure: "False",
    Ready: "False",
  });
});

test("what others wrote stays, and times move only with a change", () => {
  const before = {
    capacity: { "example.org/gpu": "1" },
    conditions: [
      { type: "Ready", status: "True" as const, lastTransitionTime: "2025-01-01T00:00:00Z" },
      { type: "NetworkUnavailable", status: "False" as const },
    ],
  };
  const status = of({}, before);
  assert.equal(status.capacity?.["example.org/gpu"], "1");
  assert.ok(status.conditions?.some(({ type }) => type === "NetworkUnavailable"));
  assert.equal(status.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime, "2025-01-01T00:00:00Z");
});
