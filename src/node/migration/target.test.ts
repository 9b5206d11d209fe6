import assert from "node:assert/strict";
import { test } from "node:test";
import { allDevices, someVmi } from "../domain/observation.fixture.ts";
import type { TargetObservation } from "./observation.ts";
import { planTarget } from "./target.ts";

/** On one node, with all devices there, before it listens. */
function furnished(sockets: number, has: number): TargetObservation {
  const processors = [0, 1, 2].map((socket) => ({
    type: "cpu",
    "vcpus-count": 1,
    props: { "socket-id": socket },
    ...(socket < has && { "qom-path": "/machine/cpu" }),
  }));
  const vmi = someVmi({ status: { phase: "Running", currentCPUTopology: { sockets, cores: 1, threads: 1 } } });
  vmi.spec.domain.devices = {};
  vmi.spec.volumes = [];
  const devices = { ...allDevices, devices: new Map(), blockNodes: new Set<string>(), netdevs: new Set<string>() };
  const state = { migrationUid: "m", sourcePod: "a", targetPod: "b", sourceNode: "n", targetNode: "n" };
  const room = {
    disks: [],
    devices,
    capacity: { processors, hotMemory: undefined },
    networkReady: true,
    consoleOpen: true,
  };
  return {
    key: "default/one",
    nowMs: 0,
    vmi,
    state,
    migrationUid: "m",
    pod: {},
    qemu: { pid: 1, startTicks: 1 },
    runState: "inmigrate",
    transfer: {},
    copies: [],
    record: {} as TargetObservation["record"],
    source: undefined,
    postcopyReady: false,
    room,
  };
}

test("a guest that was given processors finds them there", () => {
  const plan = (sockets: number, has: number) =>
    planTarget(furnished(sockets, has)).map((action) =>
      action.type === "changeCapacity" && action.change.type === "plugProcessor"
        ? action.change.processor.props["socket-id"]
        : action.type,
    );
  assert.deepEqual(plan(1, 1), ["listen"]);
  assert.deepEqual(plan(3, 1), [1, 2]);
  assert.deepEqual(plan(3, 3), ["listen"]);
});
