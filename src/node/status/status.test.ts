import assert from "node:assert/strict";
import { test } from "node:test";
import { findCondition } from "../../runtime/conditions.ts";
import { panicDetails } from "../domain/note-event.ts";
import { someMachine, someObservation, someVmi } from "../domain/observation.fixture.ts";
import type { Observation } from "../domain/observation.ts";
import { decideEvents } from "./events.ts";
import { decidePhase } from "./phase.ts";
import { decideStatus } from "./status.ts";

const running = someVmi({ status: { phase: "Running" } });
const mac = "02:4a:f1:fb:7c:e5";

test("the node's half of the phases", () => {
  const scheduled = someVmi();
  const deleted = someVmi({ status: { phase: "Running" }, metadata: { deletionTimestamp: "2026-01-02T03:04:05Z" } });
  const exit = (exitCode: number, reason?: string, signal?: number) => ({ exitCode, reason, signal });
  const table: [string, Partial<Observation>, object | undefined][] = [
    ["not started", { vmi: scheduled, machine: someMachine({ runState: "prelaunch" }) }, undefined],
    ["started", { vmi: scheduled }, { phase: "Running" }],
    [
      "ready to be started by its user",
      { vmi: someVmi({ spec: { startStrategy: "Paused" } }), machine: someMachine({ runState: "prelaunch" }) },
      { phase: "Running" },
    ],
    ["paused", { vmi: running, machine: someMachine({ runState: "paused" }) }, { phase: "Running" }],
    ["powered off", { vmi: running, exit: exit(0) }, { phase: "Succeeded" }],
    ["out of memory", { vmi: running, exit: exit(137, "OOMKilled") }, { phase: "Failed", reason: "OOMKilled" }],
    ["crashed", { vmi: running, exit: exit(139, "Error", 11) }, { phase: "Failed", reason: "QemuKilledBySignal11" }],
    ["failed", { vmi: running, exit: exit(1, "Error") }, { phase: "Failed", reason: "QemuExitCode1" }],
    ["killed because it was to go", { vmi: deleted, exit: exit(137, "Error") }, { phase: "Succeeded" }],
    [
      "panicked",
      { vmi: running, machine: someMachine({ runState: "guest-panicked" }) },
      { phase: "Failed", reason: "GuestPanicked" },
    ],
    ["ended before", { vmi: someVmi({ status: { phase: "Failed" } }), exit: exit(0) }, undefined],
    ["of the controller", { vmi: someVmi({ status: { phase: "Scheduling" } }), exit: exit(1) }, undefined],
  ];
  for (const [what, change, expected] of table) assert.deepEqual(decidePhase(someObservation(change)), expected, what);
});

function handedOver(outcome: { failure: string | undefined } | undefined): Observation["credentials"] {
  return { wanted: { keys: {}, passwords: {} }, digest: "d", outcome, due: false };
}

test("conditions", () => {
  const state = (change: Partial<Observation>, type: string) => {
    const { status, reason } = findCondition(decideStatus(someObservation(change)).conditions, type) ?? {};
    return status && [status, reason];
  };
  const table: [Partial<Observation>, string, (string | undefined)[] | undefined][] = [
    [{}, "SoftwareEmulation", ["True", "SoftwareEmulation"]],
    [{ machine: someMachine({ accelerator: "kvm" }) }, "SoftwareEmulation", undefined],
    [{}, "Paused", undefined],
    [{ machine: someMachine({ runState: "paused" }) }, "Paused", ["True", "PausedByUser"]],
    [{ machine: someMachine({ runState: "io-error" }) }, "Paused", ["True", "PausedIOError"]],
    [{ machine: someMachine({ runState: "prelaunch" }) }, "Paused", ["True", "PausedByUser"]],
    [{ vmi: someVmi(), machine: someMachine({ runState: "prelaunch" }) }, "Paused", undefined],
    [{ machine: someMachine({ agentConnected: true }) }, "AgentConnected", ["True", undefined]],
    [{}, "AgentConnected", undefined],
    [{ credentials: handedOver({ failure: undefined }) }, "AccessCredentialsSynchronized", ["True", undefined]],
    [{ credentials: handedOver({ failure: "no user" }) }, "AccessCredentialsSynchronized", ["False", undefined]],
    [{ credentials: handedOver(undefined) }, "AccessCredentialsSynchronized", undefined],
    [{}, "AccessCredentialsSynchronized", undefined],
    [{ failure: "no space left" }, "Synchronized", ["False", "SyncFailed"]],
    [{ bootFailure: { reason: "BootLoop", message: "…" } }, "GuestBootFailed", ["True", "BootLoop"]],
  ];
  for (const [change, type, expected] of table) assert.deepEqual(state(change, type), expected, type);
});

test("conditions of others are left alone", () => {
  const others = [
    { type: "Ready", status: "True" as const },
    { type: "Synchronized", status: "False" as const, reason: "FailedCreate" },
  ];
  const vmi = someVmi({ status: { phase: "Running", conditions: others } });
  const { conditions } = decideStatus(someObservation({ vmi }));
  for (const condition of others) assert.deepEqual(findCondition(conditions, condition.type), condition);
});

test("an interface is known from QEMU, then also from the guest", () => {
  const [before] = decideStatus(someObservation()).interfaces ?? [];
  assert.deepEqual([before?.ipAddress, before?.infoSource, before?.interfaceName], ["10.42.0.7", "domain", undefined]);
  const guest = {
    os: { id: "debian" },
    interfaces: [
      { name: "enp1s0", mac: before?.mac, addresses: ["10.0.2.2"] },
      { name: "docker0", mac, addresses: ["172.17.0.1"] },
    ],
  };
  const status = decideStatus(someObservation({ guest, machine: someMachine({ agentConnected: true }) }));
  assert.deepEqual(
    status.interfaces?.map((nic) => [nic.name, nic.interfaceName, nic.ipAddress, nic.infoSource]),
    [
      ["default", "enp1s0", "10.42.0.7", "domain, guest-agent"],
      [undefined, "docker0", "172.17.0.1", "guest-agent"],
    ],
  );
  assert.deepEqual(status.guestOSInfo, { id: "debian" });
});

test("each change is told once", () => {
  const reasons = (vmi: Observation["vmi"], change: Partial<Observation>) =>
    decideEvents(vmi, decideStatus(someObservation({ ...change, vmi }))).map(({ reason }) => reason);
  assert.deepEqual(reasons(someVmi(), {}), ["Created", "Started"]);
  assert.deepEqual(reasons(running, {}), []);
  assert.deepEqual(reasons(running, { exit: { exitCode: 0, signal: undefined, reason: undefined } }), ["Stopped"]);
  const paused = someVmi({ status: { phase: "Running", conditions: [{ type: "Paused", status: "True" }] } });
  assert.deepEqual(reasons(paused, {}), ["Resumed"]);
  const credentials = handedOver({ failure: "no user" });
  assert.deepEqual(reasons(running, { credentials }), ["AccessCredentialsSyncFailed"]);
  assert.deepEqual(reasons(running, { credentials: handedOver({ failure: undefined }) }), [
    "AccessCredentialsSyncSuccess",
  ]);
  assert.deepEqual(reasons(running, { bootFailure: { reason: "BootLoop", message: "…" } }), ["GuestBootFailed"]);
});

test("a panic is told with what the guest said of it", () => {
  const told = (info?: object) => {
    const machine = someMachine({ runState: "guest-panicked" });
    const status = decideStatus(someObservation({ vmi: running, machine }));
    return decideEvents(running, status, { panicDetails: panicDetails({ info }) }).map(({ reason, message }) => [
      reason,
      message,
    ])[0];
  };
  assert.deepEqual(told(), ["GuestPanicked", "GuestPanicked (details unavailable)"]);
  const bugCheck = { type: "hyper-v", arg1: 0xc0000420, arg2: 1, arg3: 0, arg4: 0, arg5: 10 };
  assert.deepEqual(told(bugCheck), ["GuestPanicked", "GuestPanicked: '0xc0000420', '0x1', '0x0', '0x0', '0xa'"]);
});

test("a guest that nobody saw end is not said to have crashed", () => {
  const ended = (reason: string) => {
    const exit = { exitCode: 137, signal: undefined, reason };
    return decideEvents(running, decideStatus(someObservation({ vmi: running, exit }))).map(({ message }) => message);
  };
  assert.deepEqual(ended("ContainerStatusUnknown"), ["The VirtualMachineInstance ended while its node was down."]);
  assert.deepEqual(ended("OOMKilled"), ["The VirtualMachineInstance crashed: OOMKilled."]);
});

test("the event of a crash has what QEMU said at last, whatever its guest wrote beside it", () => {
  const assertion = "ERROR:../../hw/core/qdev.c:13:f: assertion failed: (dev)";
  const message = `debian login: \r\nqemu-system-x86_64: warning: old\n**\n${assertion}\n[    1.2] kernel: ERROR: mine\n`;
  const exit = { exitCode: 134, reason: "Error", message };
  const observation = someObservation({ vmi: running, exit });
  const [event] = decideEvents(running, decideStatus(observation), observation);
  assert.equal(event?.message, `The VirtualMachineInstance crashed: QemuExitCode134 (${assertion}).`);
});
