/**
 * What api/kubevirt/known-metadata.ts says of annotations and labels is so: those that do something do it, those that are refused are, by their
 * name, and those that are inert change nothing of the machine.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readConfiguration } from "../../api/kubevirt/configuration.ts";
import { type KnownMetadata, knownMetadata } from "../../api/kubevirt/known-metadata.ts";
import { virtualMachineInstances, virtualMachines } from "../../api/kubevirt/resources.ts";
import { sampleSpec, sampleVmi } from "../../api/kubevirt/sample.ts";
import type { KubeObject, Resource } from "../../api/meta.ts";
import type { StatusCause } from "../../src/base/errors.ts";
import { failureOf } from "../../src/controllers/migration/failure.ts";
import { undisturbed } from "../../src/controllers/migration/observation.fixture.ts";
import { guestDescription } from "../../src/controllers/metrics/description.ts";
import { autoLimitsOf } from "../../src/controllers/virtualmachineinstance/launcher/auto-limits.ts";
import { chooseAccelerator } from "../../src/controllers/virtualmachineinstance/observe.ts";
import { podIn } from "../../src/controllers/virtualmachineinstance/sample.ts";
import { announcement } from "../../src/node/announcement/node-labels.ts";
import { tuningOf } from "../../src/node/ksm/tuning.ts";
import { startInProcessApi, type Verdict } from "../admission/in-process.ts";
import { machineOutcome } from "./machine-outcome.ts";

type Given = Record<string, string>;
type Attempt = (given: Given) => unknown;

const api = await startInProcessApi();

const machineWith = (given: Given) =>
  sampleVmi((vmi) => {
    vmi.metadata = { ...vmi.metadata, annotations: given, labels: given };
  });
const machine: Attempt = (given) => machineOutcome(machineWith(given));
const metrics: Attempt = (annotations) => guestDescription({ metadata: { annotations } });
const accelerator: Attempt = (given) => {
  const node = { status: { allocatable: { "devices.kubevirt.io/kvm": "10" } } };
  return chooseAccelerator(machineWith(given), [node], { useEmulation: false });
};
const ksm: Attempt = (annotations) => tuningOf({ metadata: { annotations } });
const nodeLabels: Attempt = (annotations) => {
  const processor = { models: ["EPYC"], features: [], vendor: "AuthenticAMD", hostModel: "EPYC", beyondHostModel: [] };
  const facts = { endpoint: "", kvm: { usable: true, reason: "" }, hasStaticCpuManager: false, processor };
  return announcement({ metadata: { annotations } }, facts, 0)?.labels;
};
const limits: Attempt = (labels) =>
  autoLimitsOf({
    quotas: [{ metadata: { name: "q" }, spec: { hard: { "limits.memory": "4Gi" } } }],
    namespace: { metadata: { labels } },
    selector: undefined,
  });

/** Of a target pod that has waited for two minutes. */
function patience(conditions: { type: string; status: string }[]): Attempt {
  return (annotations) => {
    const vmi = machineWith({});
    vmi.status = { phase: "Running", migrationState: { migrationUid: "m", targetPod: "target" } };
    const metadata = { name: "target", creationTimestamp: "2026-01-01T00:00:00Z" };
    return failureOf({
      ...undisturbed,
      migration: { metadata: { uid: "m", annotations }, spec: { vmiName: "a" }, status: { phase: "Scheduling" } },
      vmi,
      pods: [podIn("Pending", { metadata, status: { phase: "Pending", conditions } })],
      now: "2026-01-01T00:02:00Z",
    });
  };
}

/** What each of those that do something is tried with, and where its effect is seen. */
const doing: [name: RegExp, attempt: Attempt, ...values: string[]][] = [
  [/ignitiondata$/, machine, '{"ignition":{}}', '{"ignition":{"version":"3.4.0"}}'],
  [/free-page-reporting-disabled$/, machine, "true"],
  [/disablePCIHole64$/, machine, "true"],
  [/^vm\.kubevirt\.io\//, metrics, "one", "other"],
  [/use-emulation$/, accelerator, "true"],
  [/ksm-free-percent-override$/, ksm, "0.5", "0.6"],
  [/ksm-pages-decay-override$/, ksm, "-5", "-6"],
  [/ksm-.*-override$/, ksm, "500", "600"],
  [/skip-node$/, nodeLabels, "true"],
  [/auto-memory-limits-ratio$/, limits, "1.2", "1.5"],
  [/migrationPendingPodTimeoutSeconds$/, patience([]), "60", "90"],
  [/migrationUnschedulablePodTimeoutSeconds$/, patience([{ type: "PodScheduled", status: "False" }]), "60", "90"],
];

/** Those whose effect is not decided by a pure function, and the tests that have them. */
const seenElsewhere: [name: RegExp, file: string][] = [
  [/^virtualmachineinstancepresets\..*\/exclude$/, "test/vm-api/vm-api.test.ts"],
  [/metadata-service$/, "test/node-agent/lifecycle.test.ts"],
  [/^instancetype\.kubevirt\.io\/default-/, "test/vm-api/instancetypes.test.ts"],
];

for (const { name } of withOutcome("does")) {
  test(`${name} does something`, async () => {
    const elsewhere = seenElsewhere.find(([pattern]) => pattern.test(name));
    if (elsewhere) return assert.ok(readFileSync(elsewhere[1], "utf8").includes(name), `${elsewhere[1]} has it`);
    const [, attempt, ...values] = doing.find(([pattern]) => pattern.test(name)) ?? assert.fail("it is not tried");
    const outcomes = await Promise.all([{}, ...values.map((value) => ({ [name]: value }))].map(attempt));
    assert.equal(new Set(outcomes.map((each) => JSON.stringify(each))).size, values.length + 1, String(values));
  });
}

for (const entry of withOutcome("refused").filter(({ on }) => on === "machine")) {
  test(`the ${entry.kind} ${entry.name} is refused on a machine and on a template of one, by its name`, async () => {
    const name = entry.name.replace("*", "anything");
    const list = entry.kind === "label" ? "labels" : "annotations";
    const instance = (value: string) => ({ metadata: { name: "a", [list]: { [name]: value } }, spec: sampleSpec() });
    const [cause] = await causesOf(virtualMachineInstances, instance("true"));
    assert.deepEqual([cause?.field, cause?.message], [`metadata.${list}[${name}]`, `Forbidden: ${entry.reason}`]);
    const template = { metadata: { [list]: { [name]: "true" } }, spec: sampleSpec() };
    const machine = { metadata: { name: "a" }, spec: { runStrategy: "Always", template } };
    assert.deepEqual(
      (await causesOf(virtualMachines, machine)).map(({ field }) => field),
      [`spec.template.metadata.${list}[${name}]`],
    );
    const off = await causesOf(virtualMachineInstances, instance("false"));
    assert.equal(off.length, entry.isDefault?.("false") ? 0 : 1, "off");
  });
}

test("what is refused cannot be written to a machine that runs either", async () => {
  const running = await api.store(virtualMachineInstances, { metadata: { name: "running" }, spec: sampleSpec() });
  const annotations = { ...running.metadata?.annotations, "kubevirt.io/pause-guest-agent-probes": "true" };
  const changed = { ...running, metadata: { ...running.metadata, annotations } };
  const verdict = await api.update(virtualMachineInstances, "running", changed);
  assert.deepEqual(
    causesIn(verdict).map(({ field }) => field),
    ["metadata.annotations[kubevirt.io/pause-guest-agent-probes]"],
  );
});

for (const { name } of withOutcome("refused").filter(({ on }) => on === "KubeVirt")) {
  test(`${name} on a KubeVirt resource is told not to be honoured`, () => {
    const { problems } = readConfiguration({ metadata: { annotations: { [name]: "" } }, spec: {} });
    assert.equal(problems.length, 1);
    assert.ok(problems[0]?.startsWith(`metadata.annotations[${name}] "" is not honoured: `), problems[0]);
  });
}

for (const { name, on } of withOutcome("inert")) {
  test(`${name} changes nothing`, async () => {
    if (on === "KubeVirt") {
      const [without, withIt] = [{}, { metadata: { annotations: { [name]: "true" } } }].map((more) =>
        readConfiguration({ ...more, spec: {} }),
      );
      return assert.deepEqual(withIt, without);
    }
    const outcomes = await Promise.all([{}, { [name]: "true" }, { [name]: "false" }].map(machine));
    assert.equal(new Set(outcomes).size, 1);
  });
}

test("where they are is one of the places that are looked at, and no name is there twice", () => {
  const refusedOn = new Set(withOutcome("refused").map(({ on, kind }) => `${kind} of ${on}`));
  assert.deepEqual([...refusedOn], ["annotation of machine", "label of machine", "annotation of KubeVirt"]);
  const names = knownMetadata.map(({ name, kind, on }) => `${kind} ${name} on ${on}`);
  assert.equal(new Set(names).size, names.length);
});

function withOutcome(outcome: KnownMetadata["outcome"]): KnownMetadata[] {
  return knownMetadata.filter((each) => each.outcome === outcome);
}

async function causesOf(resource: Resource, object: object): Promise<StatusCause[]> {
  return causesIn(await api.create(resource, object));
}

function causesIn(verdict: Verdict<KubeObject>): StatusCause[] {
  return "refusal" in verdict ? (verdict.refusal.details?.causes ?? []) : [];
}
