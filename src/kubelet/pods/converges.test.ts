/**
 * A pod in a world that fails: whatever order failures, deaths of this process, of containers and of the sandbox
 * come in, planning and doing converge, and never are two sandboxes or two containers of one name alive.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import type { Pod } from "../../../api/core.ts";
import { resourcesText } from "../config/resources-text.ts";
import { specHash } from "../config/spec-hash.ts";
import type { Action } from "./actions.ts";
import { aContainer, aPod, aSandbox, mainContainer } from "./fixture.ts";
import { type MutablePodMemory, newPodMemory } from "./memory.ts";
import type { Observation, RuntimeContainer, SandboxState } from "./observation.ts";
import { plan } from "./plan.ts";
import { podStatus } from "./status.ts";

interface World {
  pod: Pod | undefined;
  sandboxes: SandboxState[];
  containers: RuntimeContainer[];
  memory: MutablePodMemory;
  nowMs: number;
}

type Fault = "action-fails" | "agent-dies" | "container-dies" | "sandbox-dies" | "stuck-in-created" | "none";
const faults: Fault[] = ["action-fails", "agent-dies", "container-dies", "sandbox-dies", "stuck-in-created", "none"];

const names = ["one", "two"];
const stepMs = 400_000; // longer than every back-off

function newWorld(restartPolicy?: "Never"): World {
  const containers = names.map((name) => ({ ...mainContainer, name }));
  return {
    pod: aPod({ containers, ...(restartPolicy && { restartPolicy }) }),
    sandboxes: [],
    containers: [],
    memory: newPodMemory(),
    nowMs: 1e12,
  };
}

function observe(world: World): Observation {
  const newest = <T extends { attempt: number }>(items: T[]): T[] => items.toSorted((a, b) => b.attempt - a.attempt);
  const runtime = { sandboxes: newest(world.sandboxes), containers: newest(world.containers) };
  return { uid: "u", pod: world.pod, runtime, memory: world.memory, nowMs: world.nowMs };
}

/** One look: report, plan, do; `fault` strikes at the first action. */
function step(world: World, fault: Fault): void {
  world.nowMs += stepMs;
  strike(world, fault);
  const o = observe(world);
  if (world.pod !== undefined) {
    world.pod = { ...world.pod, status: podStatus(o, world.pod, { nodeIp: "192.0.2.1" }) };
  }
  for (const action of fault === "action-fails" ? [] : plan(observe(world)).actions) {
    perform(world, action, fault === "stuck-in-created");
  }
  assertSane(world);
}

function strike(world: World, fault: Fault): void {
  if (fault === "agent-dies") {
    world.memory = newPodMemory();
  } else if (fault === "container-dies") {
    world.containers = world.containers.map((c, index) => (index === 0 ? ended(world, c) : c));
  } else if (fault === "sandbox-dies") {
    world.sandboxes = world.sandboxes.map((s) => ({ ...s, ready: false }));
  }
}

const ended = (world: World, c: RuntimeContainer): RuntimeContainer =>
  c.phase === "exited" ? c : { ...c, phase: "exited", exitCode: 1, finishedAtMs: world.nowMs };

function perform(world: World, action: Action, cutShort: boolean): void {
  switch (action.type) {
    case "set-up-volumes":
      world.memory.volumesReady = true;
      world.memory.cleanedUp = false;
      break;
    case "run-sandbox":
      world.sandboxes.push(aSandbox({ id: `s${action.attempt}`, attempt: action.attempt }));
      break;
    case "stop-sandbox":
      world.sandboxes = world.sandboxes.map((s) => (s.id === action.sandboxId ? { ...s, ready: false } : s));
      world.containers = world.containers.map((c) => (c.sandboxId === action.sandboxId ? ended(world, c) : c));
      break;
    case "remove-sandbox":
      world.sandboxes = world.sandboxes.filter((s) => s.id !== action.sandboxId);
      break;
    case "start-container":
      world.containers.push(started(world, action, cutShort));
      break;
    case "attach-networks":
      world.memory.networks = "";
      break;
    case "stop-container":
      world.containers = world.containers.map((c) => (c.id === action.containerId ? ended(world, c) : c));
      break;
    case "remove-container":
      world.containers = world.containers.filter((c) => c.id !== action.containerId);
      break;
    case "resize-container":
      world.memory.resized.set(action.containerId, resourcesText(mainContainer));
      break;
    case "tear-down":
      world.memory.cleanedUp = true;
      world.memory.volumesReady = false;
      break;
    case "delete-pod":
      world.pod = undefined;
      break;
    default:
      action satisfies never;
  }
}

function started(
  world: World,
  action: Extract<Action, { type: "start-container" }>,
  cutShort: boolean,
): RuntimeContainer {
  return aContainer({
    name: action.container,
    attempt: action.attempt,
    id: `${action.container}-${action.attempt}-${world.nowMs}`,
    sandboxId: action.sandboxId,
    phase: cutShort ? "created" : "running",
    startedAtMs: world.nowMs,
    specHash: specHash({ ...mainContainer, name: action.container }),
    backoffLevel: action.backoffLevel,
  });
}

function assertSane(world: World): void {
  assert.ok(world.sandboxes.filter((s) => s.ready).length <= 1, "two sandboxes are alive");
  for (const name of names) {
    const alive = world.containers.filter((c) => c.name === name && c.phase !== "exited");
    assert.ok(alive.length <= 1, `two containers ${name} are alive`);
  }
  const attempts = world.containers.map(({ name, attempt }) => `${name}/${attempt}`);
  assert.equal(new Set(attempts).size, attempts.length, "the runtime refuses a name that is taken");
}

const calmSteps = 20;
const someFaults = fc.array(fc.constantFrom(...faults), { maxLength: 25 });

function comesUp(world: World, struck: readonly Fault[]): void {
  for (const fault of [...struck, ...Array.from({ length: calmSteps }, (): Fault => "none")]) {
    step(world, fault);
  }
  const running = world.containers.filter((c) => c.phase === "running");
  assert.deepEqual(running.map((c) => c.name).sort(), names);
  assert.deepEqual(plan(observe(world)).actions, []);
}

test("it comes up", () => {
  fc.assert(fc.property(someFaults, (struck) => comesUp(newWorld(), struck)));
});

const beforeItRuns = fc.array(fc.constantFrom<Fault>("action-fails", "agent-dies", "stuck-in-created"), {
  maxLength: 25,
});

test("one that is to run once comes up, too, whatever happens before it has run", () => {
  fc.assert(fc.property(beforeItRuns, (struck) => comesUp(newWorld("Never"), struck)));
});

test("deleted, nothing of it stays", () => {
  fc.assert(
    fc.property(someFaults, someFaults, (before, after) => {
      const world = newWorld();
      for (const fault of before) {
        step(world, fault);
      }
      const metadata = { ...world.pod?.metadata, deletionTimestamp: new Date(world.nowMs).toISOString() };
      world.pod = { ...world.pod, metadata };
      for (const fault of [...after, ...Array.from({ length: calmSteps }, (): Fault => "none")]) {
        step(world, fault);
      }
      assert.deepEqual([world.pod, world.sandboxes, world.containers], [undefined, [], []]);
    }),
  );
});
