import assert from "node:assert/strict";
import { test } from "node:test";
import { decideStatus } from "../status/status.ts";
import { noteDone, noteLook } from "./note-start.ts";
import { someMachine, someObservation, someVmi } from "./observation.fixture.ts";
import type { DomainRecord } from "./records.ts";

const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
const prelaunch = someMachine({ runState: "prelaunch" });
const running = someMachine();
const withAgent = someMachine({ agentConnected: true });

test("a start that was seen from the beginning", () => {
  const record: Pick<DomainRecord, "start"> = { start: {} };
  const vmi = someVmi();
  noteLook(record, { vmi, machine: undefined, console: undefined }, 5);
  noteLook(record, { vmi, machine: prelaunch, console: {} }, 10);
  noteLook(record, { vmi, machine: prelaunch, console: {} }, 15);
  noteDone(record, "connectNetwork", 20);
  noteDone(record, "prepareDisk", 25);
  noteDone(record, "prepareDisk", 30);
  noteDone(record, "changeDevice", 35);
  noteDone(record, "start", 40);
  noteLook(record, { vmi, machine: running, console: { firstOutputMs: 50, kernelMs: 60 } }, 70);
  noteDone(record, "connectNetwork", 75);
  noteLook(record, { vmi, machine: withAgent, console: { firstOutputMs: 50, kernelMs: 60 } }, 80);
  assert.deepEqual(record.start, {
    qemuReady: time(10),
    networkReady: time(20),
    disksReady: time(30),
    guestStarted: time(40),
    firstOutput: time(50),
    kernelStarted: time(60),
    agentConnected: time(80),
  });
});

test("the prompt of a guest that was silent until it was up is no stage of its start", () => {
  const record: Pick<DomainRecord, "start"> = { start: {} };
  const vmi = someVmi();
  noteLook(record, { vmi, machine: prelaunch, console: {} }, 10);
  noteLook(record, { vmi, machine: withAgent, console: {} }, 20);
  noteLook(record, { vmi, machine: withAgent, console: { firstOutputMs: 30 } }, 40);
  assert.deepEqual(record.start, { qemuReady: time(10), guestStarted: time(20), agentConnected: time(20) });
});

test("of a guest that ran before, or was reset, nothing is made up", () => {
  const record: Pick<DomainRecord, "start"> = { start: {} };
  const vmi = someVmi({ status: { phase: "Running" } });
  noteLook(record, { vmi, machine: running, console: { firstOutputMs: 1, kernelMs: 2 } }, 10);
  noteLook(record, { vmi, machine: prelaunch, console: {} }, 15);
  noteLook(record, { vmi, machine: withAgent, console: {} }, 20);
  assert.deepEqual(record.start, { agentConnected: time(20) });
});

test("marks are told once the guest runs, beside the controller's, which stay", () => {
  const startMarks = { qemuReady: time(10), created: time(99) };
  const told = (startTrace: object | undefined, machine = running) =>
    decideStatus(someObservation({ vmi: someVmi({ status: { startTrace } }), machine, startMarks })).startTrace;
  assert.deepEqual(told({ created: time(1) }), { created: time(1), qemuReady: time(10) });
  assert.deepEqual(told({ created: time(1) }, prelaunch), { created: time(1) });
  assert.equal(told(undefined), undefined);
});
