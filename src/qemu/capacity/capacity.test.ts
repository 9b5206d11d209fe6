import assert from "node:assert/strict";
import { test } from "node:test";
import type { HotPluggableCpu } from "../qmp/commands.ts";
import { type ObservedCapacity, planCapacity, socketsOf } from "./capacity.ts";

const mebibyte = 1024 ** 2;

/** Four places for sockets of two threads, as QEMU lists them: the last first. */
function machine(sockets: number, hotMemory?: ObservedCapacity["hotMemory"]): ObservedCapacity {
  const processors = [3, 2, 1, 0].flatMap((socket) => [1, 0].map((thread) => place(socket, thread, socket < sockets)));
  return { processors, hotMemory };
}

function place(socket: number, thread: number, isThere: boolean): HotPluggableCpu {
  const props = { "socket-id": socket, "core-id": 0, "thread-id": thread };
  return { type: "max-x86_64-cpu", props, "vcpus-count": 1, ...(isThere && { "qom-path": `/machine/cpu${socket}` }) };
}

const planned = (sockets: number, observed: ObservedCapacity, hotMemoryBytes = 0): unknown[] =>
  planCapacity({ sockets, hotMemoryBytes }, observed).map((action) =>
    action.type === "requestMemory"
      ? action.bytes / mebibyte
      : [action.processor.props["socket-id"], action.processor.props["thread-id"]],
  );

test("sockets come one after the other, with all their threads", () => {
  assert.deepEqual(planned(1, machine(1)), []);
  assert.deepEqual(planned(3, machine(1)), [
    [1, 0],
    [1, 1],
    [2, 0],
    [2, 1],
  ]);
  assert.deepEqual(planned(9, machine(4)), [], "no more than there are places");
  assert.deepEqual(planned(1, machine(3)), [], "none is taken away");
});

test("half a socket, left by a crash, is completed and does not count", () => {
  const observed = machine(1);
  const half = {
    ...observed,
    processors: [...observed.processors.slice(0, 5), place(1, 0, true), ...observed.processors.slice(6)],
  };
  assert.equal(socketsOf(half), 1);
  assert.deepEqual(planned(2, half), [[1, 1]]);
  assert.equal(socketsOf(machine(2)), 2);
});

test("memory is asked for once, up to what there is room for", () => {
  const memory = (requested: number) => ({
    requestedBytes: requested * mebibyte,
    address: 0x1_0000_0000,
    pluggedBytes: 0,
    maxBytes: 64 * mebibyte,
  });
  assert.deepEqual(planned(1, machine(1, memory(0)), 32 * mebibyte), [32]);
  assert.deepEqual(planned(1, machine(1, memory(32)), 32 * mebibyte), []);
  assert.deepEqual(planned(1, machine(1, memory(32)), 16 * mebibyte), [], "none is taken away");
  assert.deepEqual(planned(1, machine(1, memory(32)), 128 * mebibyte), [64]);
  assert.deepEqual(planned(1, machine(1), 32 * mebibyte), []);
});
