import assert from "node:assert/strict";
import { test } from "node:test";
import * as may from "./admissibility.ts";
import { sampleVm, sampleVmi } from "./sample.ts";
import type { VirtualMachine, VirtualMachineInstance } from "./types.ts";

const vmOf = (runStrategy: string) => sampleVm((vm) => Object.assign(vm.spec, { runStrategy }));
const vmiIn = (phase: string, ...conditions: string[]): VirtualMachineInstance =>
  sampleVmi((vmi) => {
    vmi.status = { phase, conditions: conditions.map((type) => ({ type, status: "True" })) };
  });
const running = vmiIn("Running");

function outcome(verdict: may.Verdict<object>): string {
  return verdict.verdict === "denied"
    ? `${verdict.reason}: ${verdict.message}`
    : JSON.stringify({ ...verdict, verdict: undefined });
}

test("start", () => {
  const table: [string, VirtualMachineInstance | undefined, object, string][] = [
    ["Halted", undefined, {}, '{"change":{"runStrategy":"Always"}}'],
    ["Halted", undefined, { paused: true }, '{"change":{"requests":[{"action":"Start","data":{"paused":"true"}}]}}'],
    ["Manual", undefined, {}, '{"change":{"requests":[{"action":"Start"}]}}'],
    ["Manual", vmiIn("Succeeded"), {}, '{"change":{"requests":[{"action":"Start"}]}}'],
    ["Manual", running, {}, "Conflict: VM is already running"],
    ["Always", undefined, {}, "Conflict: Always does not support manual start requests"],
  ];
  for (const [strategy, vmi, options, expected] of table) {
    assert.equal(outcome(may.mayStart({ vm: vmOf(strategy), vmi }, options)), expected, strategy);
  }
});

test("a start that is asked for already, and one that a halt took back", () => {
  const owing = (strategy: string): VirtualMachine => ({
    ...vmOf(strategy),
    status: { stateChangeRequests: [{ action: "Start" }] },
  });
  const start = (vm: VirtualMachine) => outcome(may.mayStart({ vm, vmi: undefined }, {}));
  assert.equal(start(owing("Manual")), "Conflict: VM is already being started");
  assert.equal(start(owing("Halted")), '{"change":{"runStrategy":"Always"}}');
});

test("stop", () => {
  const table: [string, VirtualMachineInstance | undefined, number | undefined, string][] = [
    ["Always", running, undefined, '{"change":{"runStrategy":"Halted"}}'],
    ["Always", running, 0, '{"change":{"runStrategy":"Halted"},"gracePeriodSeconds":0}'],
    ["Manual", running, undefined, '{"change":{"requests":[{"action":"Stop","uid":"vmi-uid"}]}}'],
    ["Manual", undefined, undefined, "Conflict: VM is not running"],
    ["Halted", undefined, undefined, "Conflict: VM is not running"],
    ["Halted", running, undefined, "Conflict: Halted does not support manual stop requests"],
    ["Halted", running, 0, '{"gracePeriodSeconds":0}'],
    ["Always", running, -1, "BadRequest: gracePeriod has to be greater or equal to 0"],
  ];
  for (const [strategy, vmi, gracePeriodSeconds, expected] of table) {
    assert.equal(outcome(may.mayStop({ vm: vmOf(strategy), vmi }, { gracePeriodSeconds })), expected, strategy);
  }
});

test("restart", () => {
  const requests = '{"change":{"requests":[{"action":"Stop","uid":"vmi-uid"},{"action":"Start"}]},"force":';
  const table: [string, VirtualMachineInstance | undefined, number | undefined, RegExp][] = [
    ["Always", running, undefined, /"force":false/],
    ["Always", running, 0, /"force":true/],
    ["Always", running, 5, /^BadRequest: .*gracePeriod=0/],
    ["Halted", running, undefined, /^Conflict: .*Halted/],
    ["Always", undefined, undefined, /^Conflict: VM is not running/],
  ];
  for (const [strategy, vmi, gracePeriodSeconds, expected] of table) {
    assert.match(outcome(may.mayRestart({ vm: vmOf(strategy), vmi }, { gracePeriodSeconds })), expected, strategy);
  }
  assert.ok(outcome(may.mayRestart({ vm: vmOf("Always"), vmi: running }, {})).startsWith(requests));
});

test("requests at the guest", () => {
  const ok = "{}";
  const probed = sampleVmi((vmi) => {
    vmi.status = { phase: "Running" };
    vmi.spec.livenessProbe = { httpGet: { path: "/" } };
  });
  const headless = sampleVmi((vmi) => {
    vmi.status = { phase: "Running" };
    vmi.spec.domain.devices = { autoattachGraphicsDevice: false, autoattachSerialConsole: false };
  });
  const table: [may.Verdict, string][] = [
    [may.mayPause(running), ok],
    [may.mayPause(vmiIn("Running", "Paused")), "Conflict: VMI is already paused"],
    [may.mayPause(vmiIn("Scheduled")), "Conflict: VM is not running"],
    [may.mayPause(probed), "Forbidden: Pausing VMIs with LivenessProbe is currently not supported"],
    [may.mayUnpause(running), "Conflict: VMI is not paused"],
    [may.mayUnpause(vmiIn("Running", "Paused")), ok],
    [may.mayAskAgent(running), "Conflict: VMI does not have guest agent connected"],
    [may.mayAskAgent(vmiIn("Running", "AgentConnected")), ok],
    [may.mayOpenConsole(running), ok],
    [may.mayOpenConsole(headless), "BadRequest: No serial consoles are present."],
    [may.mayOpenVnc(headless), "BadRequest: No graphics devices are present."],
    [may.mayOpenConsole(vmiIn("Failed")), "Conflict: VMI is in failed status"],
    [may.mayOpenConsole(vmiIn("Scheduled")), "BadRequest: VMI is not running"],
    [may.mayForwardPort(vmiIn("Running", "Paused")), "Conflict: VMI is paused"],
    [may.maySoftReboot(running), ok],
    [may.mayReset(vmiIn("Pending")), "Conflict: VM is not running"],
  ];
  for (const [verdict, expected] of table) assert.equal(outcome(verdict), expected);
});
