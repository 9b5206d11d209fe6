import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import { finalizers } from "../../../api/kubevirt/names.ts";
import { sampleVm, sampleVmi } from "../../../api/kubevirt/sample.ts";
import { startRequest, type StateChangeRequest, stopRequest } from "../../../api/kubevirt/state-change.ts";
import type { VirtualMachine, VirtualMachineInstance, VirtualMachineStatus } from "../../../api/kubevirt/types.ts";
import type { Observation } from "./observation.ts";
import { plan } from "./plan.ts";
import { renderVmi } from "./render-vmi.ts";
import { openRequests } from "./requests.ts";
import { backoffSeconds, decideStartFailure } from "./start-failure.ts";
import { decideStatus } from "./status.ts";

const now = "2026-01-01T00:00:00Z";
const nowMs = Date.parse(now);
const owner = { apiVersion: "kubevirt.io/v1", kind: "VirtualMachine", name: "a", uid: "vm-uid", controller: true };

function vmOf(runStrategy: string, status: VirtualMachineStatus = {}): VirtualMachine {
  return sampleVm((vm) => {
    vm.spec.runStrategy = runStrategy;
    vm.status = status;
  });
}

function vmiIn(phase: string, more: object = {}): VirtualMachineInstance {
  return sampleVmi((vmi) => {
    vmi.metadata = { ...vmi.metadata, ownerReferences: [owner], ...more };
    vmi.status = { phase };
  });
}

function observe(vm: VirtualMachine, instance?: VirtualMachineInstance): Observation {
  return {
    vm,
    instance,
    hasUnboundClaim: false,
    configuration: defaultConfiguration,
    podsCanGrow: true,
    createFailure: undefined,
    nowMs,
  };
}

const actions = (observation: Observation): string[] => plan(observation).map(({ type }) => type);

test("run strategies", () => {
  const requested = (...stateChangeRequests: StateChangeRequest[]): VirtualMachineStatus => ({ stateChangeRequests });
  const settled = { runStrategy: "RerunOnFailure" };
  const table: [string, Observation, string[]][] = [
    ["Always starts", observe(vmOf("Always")), ["createVmi"]],
    ["Always goes on", observe(vmOf("Always"), vmiIn("Running")), []],
    ["Always starts again after success", observe(vmOf("Always"), vmiIn("Succeeded")), ["deleteVmi"]],
    ["Always starts again after failure", observe(vmOf("Always"), vmiIn("Failed")), ["deleteVmi"]],
    ["Halted does not start", observe(vmOf("Halted")), []],
    ["Halted stops", observe(vmOf("Halted"), vmiIn("Running")), ["deleteVmi"]],
    ["Halted starts paused", observe(vmOf("Halted", requested(startRequest({ paused: true })))), ["setRunStrategy"]],
    ["Manual waits", observe(vmOf("Manual")), []],
    ["Manual starts when asked", observe(vmOf("Manual", requested(startRequest()))), ["createVmi"]],
    [
      "Manual stops when asked",
      observe(vmOf("Manual", requested(stopRequest("vmi-uid"))), vmiIn("Running")),
      ["deleteVmi"],
    ],
    [
      "Manual ignores a stop of an earlier instance",
      observe(vmOf("Manual", requested(stopRequest("old"))), vmiIn("Running")),
      [],
    ],
    ["Manual keeps an ended instance", observe(vmOf("Manual"), vmiIn("Succeeded")), []],
    [
      "Manual makes room for the next",
      observe(vmOf("Manual", requested(startRequest())), vmiIn("Succeeded")),
      ["deleteVmi"],
    ],
    ["RerunOnFailure starts when new", observe(vmOf("RerunOnFailure")), ["createVmi"]],
    ["RerunOnFailure stays stopped", observe(vmOf("RerunOnFailure", settled)), []],
    ["RerunOnFailure keeps a success", observe(vmOf("RerunOnFailure", settled), vmiIn("Succeeded")), []],
    ["RerunOnFailure repeats a failure", observe(vmOf("RerunOnFailure", settled), vmiIn("Failed")), ["deleteVmi"]],
    ["Once starts", observe(vmOf("Once")), ["createVmi"]],
    ["Once is enough", observe(vmOf("Once"), vmiIn("Failed")), []],
    ["waits while the instance ends", observe(vmOf("Always"), vmiIn("Running", { deletionTimestamp: now })), []],
    ["leaves a stranger alone", observe(vmOf("Always"), vmiIn("Running", { ownerReferences: [] })), []],
  ];
  for (const [what, observation, expected] of table) assert.deepEqual(actions(observation), expected, what);
});

test("a deleted machine ends its instance first", () => {
  const vm = vmOf("Always");
  vm.metadata = { ...vm.metadata, deletionTimestamp: now, finalizers: [finalizers.virtualMachine] };
  assert.deepEqual(actions(observe(vm, vmiIn("Running"))), ["deleteVmi"]);
  assert.deepEqual(actions(observe(vm, vmiIn("Running", { deletionTimestamp: now }))), []);
  assert.deepEqual(actions(observe(vm)), ["removeFinalizer"]);
});

test("a restart is a stop and then a start", () => {
  const restart = [stopRequest("vmi-uid"), startRequest()];
  const vm = vmOf("Manual", { stateChangeRequests: restart });
  assert.deepEqual(openRequests(observe(vm, vmiIn("Running"))), restart);
  assert.deepEqual(openRequests(observe(vm)), [startRequest()]);
  const fulfilled = vmOf("Manual", { stateChangeRequests: [startRequest()] });
  assert.deepEqual(openRequests(observe(fulfilled, vmiIn("Pending", { uid: "next" }))), []);
});

test("who halts a machine in the middle of a restart takes the start back", () => {
  const restart = [stopRequest("vmi-uid"), startRequest()];
  const vm = vmOf("Halted", { stateChangeRequests: restart });
  assert.deepEqual(openRequests(observe(vm, vmiIn("Running", { deletionTimestamp: now }))), [stopRequest("vmi-uid")]);
  assert.deepEqual(openRequests(observe(vm)), []);
});

test("what failed early is retried later and later", () => {
  assert.deepEqual(
    [1, 2, 3, 10].map((count) => backoffSeconds(count, "").toString().length > 0),
    [true, true, true, true],
  );
  assert.ok(backoffSeconds(1, "x") >= 10 && backoffSeconds(1, "x") <= 15);
  assert.ok(backoffSeconds(3, "x") >= 90 && backoffSeconds(3, "x") <= 135);
  assert.equal(backoffSeconds(20, "x"), 300);
  const first = decideStartFailure(observe(vmOf("Always"), vmiIn("Failed")));
  assert.equal(first?.consecutiveFailCount, 1);
  const vm = vmOf("Always", { startFailure: first });
  assert.deepEqual(decideStartFailure(observe(vm, vmiIn("Failed"))), first, "counted once");
  assert.deepEqual(actions(observe(vm)), [], "waits");
  assert.deepEqual(actions({ ...observe(vm), nowMs: nowMs + 60_000 }), ["createVmi"]);
  const again = decideStartFailure(observe(vm, vmiIn("Failed", { uid: "second" })));
  assert.equal(again?.consecutiveFailCount, 2);
});

test("an instance that ran a while ends the counting", () => {
  const vmi = vmiIn("Running");
  vmi.status = { phase: "Running", phaseTransitionTimestamps: [{ phase: "Running", phaseTransitionTimestamp: now }] };
  const vm = vmOf("Always", { startFailure: { consecutiveFailCount: 3 } });
  assert.equal(decideStartFailure(observe(vm, vmi))?.consecutiveFailCount, 3);
  assert.equal(decideStartFailure({ ...observe(vm, vmi), nowMs: nowMs + 31_000 }), undefined);
});

test("the instance is made of the template and remembers which", () => {
  const vmi = renderVmi(vmOf("Always"), [startRequest({ paused: true })]);
  assert.equal(vmi.spec.startStrategy, "Paused");
  assert.equal(vmi.metadata?.annotations?.["kubevirt.io/vm-generation"], "1");
  assert.equal(vmi.metadata?.ownerReferences?.[0]?.uid, "vm-uid");
});

test("status", () => {
  const vm = vmOf("Always");
  const vmi = renderVmi(vm, []);
  vmi.metadata = { ...vmi.metadata, uid: "vmi-uid" };
  vmi.status = {
    phase: "Running",
    conditions: [
      { type: "Ready", status: "True" },
      { type: "AgentConnected", status: "True" },
    ],
  };
  const status = decideStatus(observe(vm, vmi));
  assert.deepEqual(
    [status.created, status.ready, status.printableStatus, status.runStrategy],
    [true, true, "Running", "Always"],
  );
  assert.deepEqual(
    status.conditions?.map(({ type }) => type),
    ["Ready", "AgentConnected"],
  );
  vm.metadata = { ...vm.metadata, generation: 2 };
  vm.spec.template.spec.domain.memory = { guest: "1Gi" };
  const changed = decideStatus(observe(vm, vmi));
  assert.deepEqual([changed.desiredGeneration, changed.observedGeneration], [2, 1]);
  assert.ok(changed.conditions?.some(({ type, status }) => type === "RestartRequired" && status === "True"));
  const stopped = decideStatus(observe(vm));
  assert.deepEqual(
    stopped.conditions?.map(({ type, reason }) => [type, reason]),
    [["Ready", "VMINotExists"]],
  );
  const failing = decideStatus({ ...observe(vm), createFailure: "quota" });
  assert.equal(failing.conditions?.find(({ type }) => type === "Failure")?.message, "quota");
});
