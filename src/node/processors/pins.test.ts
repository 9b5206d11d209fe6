import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cpu } from "../../../api/kubevirt/types.ts";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import { planPins, type Threads } from "./pins.ts";

const specOf = (cpu: Cpu) =>
  sampleVmi(({ spec }) => void (spec.domain.cpu = { dedicatedCpuPlacement: true, ...cpu })).spec;

/** Main thread 100, vCPUs 101 and 102; inside of the container 1, 11 and 12. */
const threads = (cpus: number[], change: Partial<Threads> = {}): Threads => ({
  all: [
    { id: 100, innerId: 1, cpus },
    { id: 101, innerId: 11, cpus },
    { id: 102, innerId: 12, cpus },
  ],
  vcpus: [11, 12],
  cpus,
  cores: new Map(),
  ...change,
});

test("each vCPU has a processor, and the emulator any of them", () => {
  assert.deepEqual(planPins(specOf({ cores: 2 }), threads([3, 5])), {
    pins: [
      { thread: 101, cpus: "3" },
      { thread: 102, cpus: "5" },
    ],
  });
});

test("an isolated emulator, and whatever else QEMU runs, has the one that is left", () => {
  const { pins } = planPins(specOf({ cores: 2, isolateEmulatorThread: true }), threads([3, 4, 5])) as { pins: object };
  assert.deepEqual(pins, [
    { thread: 100, cpus: "5" },
    { thread: 101, cpus: "3" },
    { thread: 102, cpus: "4" },
  ]);
});

test("threads of a guest's core are on one core", () => {
  const cores = new Map([2, 3, 6, 7].map((cpu) => [cpu, String(cpu % 4)]));
  const { pins } = planPins(specOf({ threads: 2 }), threads([2, 6], { cores })) as { pins: object };
  assert.deepEqual(pins, [
    { thread: 101, cpus: "2" },
    { thread: 102, cpus: "6" },
  ]);
});

test("nothing is left to do once it is done", () => {
  const all = [
    { id: 100, innerId: 1, cpus: [3, 5] },
    { id: 101, innerId: 11, cpus: [3] },
    { id: 102, innerId: 12, cpus: [5] },
  ];
  assert.deepEqual(planPins(specOf({ cores: 2 }), threads([3, 5], { all })), { pins: [] });
});

test("a container that shares its processors runs no such guest", () => {
  const of = (cpus: number[], cpu: Cpu = {}) => planPins(specOf({ cores: 2, ...cpu }), threads(cpus)).shortage ?? "";
  assert.match(of([0, 1, 2, 3]), /4 processors of its own \(0-3\) instead of 2/);
  assert.match(of([1]), /instead of 2/);
  assert.match(of([1, 2], { isolateEmulatorThread: true }), /instead of 3/);
});
