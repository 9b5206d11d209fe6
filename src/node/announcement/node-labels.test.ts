import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "../../../api/core.ts";
import { announcement, type NodeFacts, untilHeartbeatMs } from "./node-labels.ts";

const nowMs = Date.parse("2026-01-02T03:04:05Z");
const facts: NodeFacts = {
  endpoint: "https://10.0.0.1:10260",
  kvm: { usable: false, reason: "there is no /dev/kvm" },
  hasStaticCpuManager: true,
  processor: {
    models: ["EPYC", "Nehalem"],
    features: ["sse4.2", "not a label!"],
    vendor: "GenuineIntel",
    hostModel: "Nehalem",
    beyondHostModel: ["avx2"],
  },
};
const said = {
  labels: {
    "kubevirt.io/schedulable": "true",
    "vmpod.dev/kvm": "false",
    "emulates.node.vmpod.dev/arm64": "true",
    cpumanager: "true",
    "kubevirt.io/cpumanager": "true",
    "cpu-model.node.kubevirt.io/EPYC": "true",
    "cpu-model.node.kubevirt.io/Nehalem": "true",
    "cpu-model-migration.node.kubevirt.io/EPYC": "true",
    "cpu-model-migration.node.kubevirt.io/Nehalem": "true",
    "cpu-feature.node.kubevirt.io/sse4.2": "true",
    "cpu-vendor.node.kubevirt.io/Intel": "true",
    "host-model-cpu.node.kubevirt.io/Nehalem": "true",
    "host-model-required-features.node.kubevirt.io/avx2": "true",
  },
  annotations: {
    "vmpod.dev/agent-endpoint": "https://10.0.0.1:10260",
    "vmpod.dev/kvm-reason": "there is no /dev/kvm",
    "kubevirt.io/heartbeat": "2026-01-02T03:04:05Z",
  },
};
const node = (labels: Record<string, string> = {}, annotations: Record<string, string> = {}): Node => ({
  metadata: { name: "n1", labels, annotations },
});

test("a new node says everything once", () => {
  assert.deepEqual(announcement(node(), facts, nowMs), said);
  assert.equal(announcement(node(said.labels, said.annotations), facts, nowMs), undefined);
});

test("it is alive: again after a minute, and at once when somebody wrote otherwise", () => {
  const before = node(said.labels, said.annotations);
  assert.equal(announcement(before, facts, nowMs + 59_000), undefined);
  const later = announcement(before, facts, nowMs + 60_000);
  assert.equal(later?.annotations["kubevirt.io/heartbeat"], "2026-01-02T03:05:05Z");
  const refused = node({ ...said.labels, "kubevirt.io/schedulable": "false" }, said.annotations);
  assert.equal(announcement(refused, facts, nowMs)?.labels["kubevirt.io/schedulable"], "true");
});

test("labels of another processor go, others stay", () => {
  const before = node({ ...said.labels, "cpu-model.node.kubevirt.io/Old": "true", zone: "a" }, said.annotations);
  const labels = announcement(before, facts, nowMs)?.labels;
  assert.equal(labels?.["cpu-model.node.kubevirt.io/Old"], null);
  assert.ok(labels && !("zone" in labels));
  assert.equal(announcement(before, { ...facts, processor: undefined }, nowMs), undefined);
});

test("labels about the processor stay as they are where the node's owner says so", () => {
  const skipping = { "node-labeller.kubevirt.io/skip-node": "true" };
  const before = node({ "cpu-model.node.kubevirt.io/Old": "true" }, skipping);
  const labels = Object.keys(announcement(before, facts, nowMs)?.labels ?? {});
  assert.ok(labels.includes("kubevirt.io/schedulable"));
  assert.deepEqual(
    labels.filter((name) => name.startsWith("cpu-")),
    [],
  );
});

test("when the next sign of life is due", () => {
  const at = (heartbeat: string): number => untilHeartbeatMs(node({}, { "kubevirt.io/heartbeat": heartbeat }), nowMs);
  assert.equal(untilHeartbeatMs(node(), nowMs), 0);
  assert.equal(at("nonsense"), 0);
  assert.equal(at("2026-01-02T03:03:00Z"), 0);
  assert.equal(at("2026-01-02T03:04:00Z"), 55_000);
  assert.equal(at("2026-01-02T03:59:00Z"), 0);
});
