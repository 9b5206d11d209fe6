import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { driversOf, noDevices, someMachine, someObservation, someVmi } from "./observation.fixture.ts";
import type { Observation } from "./observation.ts";
import { plan } from "./plan.ts";
import { apply, isUp, newWorld, observeWorld, type World } from "./world.fixture.ts";

const prelaunch = someMachine({ runState: "prelaunch" });
const scheduled = someVmi();
const running = someVmi({ status: { phase: "Running" } });
const deleted = { deletionTimestamp: "2026-01-02T03:04:05Z" };
const types = (observation: Observation): string[] => plan(observation).map(({ type }) => type);

const pinning = { pins: [{ thread: 7, cpus: "1" }] };
const newCredentials = { wanted: { keys: { root: ["k"] }, passwords: {} }, digest: "d", outcome: undefined, due: true };

test("what is done next, by what is seen", () => {
  const missing = someObservation({ vmi: scheduled }).disks.map((disk) => ({ ...disk, image: undefined }));
  const table: [string, Partial<Observation>, string[]][] = [
    ["no QEMU yet", { vmi: scheduled, qemu: undefined, machine: undefined }, []],
    ["its monitor does not answer", { vmi: scheduled, machine: undefined }, []],
    [
      "nothing prepared",
      { vmi: scheduled, machine: prelaunch, disks: missing, networkReady: false, consoleOpen: false },
      ["connectNetwork", "openConsole", "prepareDisk"],
    ],
    [
      "nothing attached",
      { vmi: scheduled, machine: { ...prelaunch, devices: noDevices } },
      ["changeDevice", "changeDevice", "changeDevice", "changeDevice"],
    ],
    ["everything attached", { vmi: scheduled, machine: prelaunch }, ["start"]],
    [
      "everything attached, but not where it is to run",
      { vmi: scheduled, machine: prelaunch, pinning },
      ["pinThreads"],
    ],
    ["without its processors", { vmi: scheduled, machine: prelaunch, pinning: { shortage: "1" } }, ["pinThreads"]],
    ["everything in its place", { vmi: scheduled, machine: prelaunch, pinning: { pins: [] } }, ["start"]],
    ["its processors have changed", { pinning }, ["pinThreads"]],
    ["not handed over yet", { vmi: someVmi({ status: { phase: "Scheduling" } }), machine: prelaunch }, []],
    ["to start paused", { vmi: someVmi({ spec: { startStrategy: "Paused" } }), machine: prelaunch }, []],
    ["reset while its user had paused it", { vmi: running, machine: prelaunch }, []],
    ["deleted before it started", { vmi: someVmi({ metadata: deleted }), machine: prelaunch }, ["quit"]],
    ["running", {}, []],
    [
      "running, after a crash of the agent",
      { networkReady: false, consoleOpen: false },
      ["connectNetwork", "openConsole"],
    ],
    ["paused by its user", { machine: someMachine({ runState: "paused" }) }, []],
    ["its agent has news", { guestDue: true }, ["askGuest"]],
    ["its users' keys have changed", { credentials: newCredentials }, ["handOverCredentials"]],
    ["its users have their keys", { credentials: { ...newCredentials, due: false } }, []],
    ["shut down to be rebooted", { machine: someMachine({ runState: "shutdown" }) }, ["finishReboot"]],
    [
      "shut down to be rebooted, and deleted",
      {
        vmi: someVmi({ metadata: deleted, status: { phase: "Running" } }),
        machine: someMachine({ runState: "shutdown" }),
      },
      ["quit"],
    ],
    ["its kernel panicked", { machine: someMachine({ runState: "guest-panicked" }) }, ["quit"]],
    [
      "its kernel panicked, as its status says already",
      { vmi: someVmi({ status: { phase: "Failed" } }), machine: someMachine({ runState: "guest-panicked" }) },
      ["quit"],
    ],
    ["ended", { vmi: someVmi({ status: { phase: "Failed" } }), machine: prelaunch }, []],
  ];
  for (const [what, change, expected] of table) assert.deepEqual(types(someObservation(change)), expected, what);
});

test("the cable of a running guest's NIC is as its interface says, and is touched only when that changes", () => {
  const interfaces = [{ name: "default", linkState: "up" }];
  const state = (wanted?: string, links: Observation["links"] = new Map(), told: object[] = interfaces) => {
    const devices = {
      ...scheduled.spec.domain.devices,
      interfaces: [{ name: "default", masquerade: {}, state: wanted }],
    };
    const spec = { ...scheduled.spec, domain: { ...scheduled.spec.domain, devices } };
    return plan(someObservation({ vmi: someVmi({ spec, status: { phase: "Running", interfaces: told } }), links }));
  };
  const change = (actions: ReturnType<typeof plan>) =>
    actions.map((each) => each.type === "setLink" && each.change.state);
  assert.deepEqual(change(state()), []);
  assert.deepEqual(change(state("down")), ["down"]);
  assert.deepEqual(change(state("down", new Map([["default", "down"]]))), [], "done, and not told yet");
  assert.deepEqual(change(state("up", new Map([["default", "down"]]))), ["up"]);
  assert.deepEqual(change(state("down", new Map(), [])), [], "attached so");
});

test("a started guest keeps its disks, whatever they are", () => {
  const devices = { ...noDevices, devices: driversOf("nic-default", "disk-other"), netdevs: new Set(["net-default"]) };
  assert.deepEqual(types(someObservation({ machine: someMachine({ devices }) })), []);
});

test("from every crash on it converges to one running guest with all devices", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 6 }), { maxLength: 30 }), (survivedActions) => {
      const world = newWorld(scheduled);
      // The agent lives through so many actions, then is killed; at last it stays.
      for (const count of [...survivedActions, ...Array.from({ length: 12 }, () => 100)]) liveFor(world, count);
      assert.ok(isUp(world), JSON.stringify(world));
      assert.equal(world.starts, 1);
    }),
  );
});

test("a guest that its user pauses stays paused through crashes and resets", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 3 }), { maxLength: 10 }), fc.boolean(), (survivedActions, isReset) => {
      const world = newWorld(scheduled);
      for (let turn = 0; turn < 12; turn++) liveFor(world, 100);
      world.runState = isReset ? "prelaunch" : "paused";
      for (const count of survivedActions) liveFor(world, count);
      assert.notEqual(world.runState, "running");
      assert.equal(world.starts, 1);
    }),
  );
});

/** One look, then at most so many of the actions it leads to; then a new agent that remembers nothing. */
function liveFor(world: World, actions: number): void {
  const observation = observeWorld(world);
  for (const action of plan(observation).slice(0, actions)) apply(world, action);
  world.networkSeen = actions >= 100;
}
