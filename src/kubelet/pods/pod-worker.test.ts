import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setImmediate, setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { createClient, createRouterTransport } from "@connectrpc/connect";
import pino from "pino";
import type { Pod } from "../../../api/core.ts";
import type { CriClient } from "../../cri/client.ts";
import {
  type ContainerSchema,
  ContainerState,
  type PodSandboxSchema,
  PodSandboxState,
  RuntimeService,
} from "../../cri/gen/runtime/v1/api.gen.ts";
import type { KubeletContext } from "../context.ts";
import { createProbeManager } from "../probes/probe-manager.ts";
import type { Action } from "./actions.ts";
import { aPod } from "./fixture.ts";
import type { MutablePodMemory } from "./memory.ts";
import { createPodWorker, type PodWorker } from "./pod-worker.ts";

interface Runtime {
  sandboxes: MessageInitShape<typeof PodSandboxSchema>[];
  containers: (MessageInitShape<typeof ContainerSchema> & { id: string })[];
}

/** A runtime that holds what it is told, and counts how often it is looked at. */
function runtimeOf({ sandboxes, containers }: Runtime, onLook: () => void): CriClient {
  const transport = createRouterTransport(({ service }) => {
    service(RuntimeService, {
      async listPodSandbox() {
        onLook();
        await setImmediate(); // as everything that is not in this process, so that time passes
        return { items: sandboxes };
      },
      listContainers: () => ({ containers }),
      podSandboxStatus: () => ({}),
      containerStatus: ({ containerId }) => ({
        status: { id: containerId, state: containers.find(({ id }) => id === containerId)?.state },
      }),
    });
  });
  return { runtime: createClient(RuntimeService, transport) } as CriClient;
}

interface Watched {
  worker: PodWorker;
  /** What was begun, and when. */
  actions: { type: Action["type"]; atMs: number }[];
  looks: number;
  /** The API server has the pod no more. */
  isGone: boolean;
}

/** A worker that knows this pod; what it wants done is noted, and done by `execute`. */
function workOn(
  t: TestContext,
  pod: Pod,
  execute: (action: Action, memory: MutablePodMemory) => Promise<void>,
  runtime: Runtime = { sandboxes: [], containers: [] },
): Watched {
  const context = {
    cri: runtimeOf(runtime, () => (watched.looks += 1)),
    log: pino({ level: "silent" }),
    rootDir: "/nonexistent",
    nodeIp: "192.0.2.1",
    client: { updateStatus: (_: unknown, object: Pod) => Promise.resolve(object) },
    events: { normal: () => undefined, warning: () => undefined },
    podByUid: () => (watched.isGone ? undefined : pod),
  } as unknown as KubeletContext;
  const executor = {
    async execute(action: Action, _: unknown, memory: MutablePodMemory) {
      watched.actions.push({ type: action.type, atMs: performance.now() });
      await execute(action, memory);
      if (action.type === "set-up-volumes") memory.volumesReady = true;
    },
    hurry: () => undefined,
  };
  const watched: Watched = {
    worker: createPodWorker(context, executor, createProbeManager(context)),
    actions: [],
    looks: 0,
    isGone: false,
  };
  t.after(() => watched.worker.close());
  watched.worker.wake("u");
  return watched;
}

const refuse = (): Promise<void> => Promise.reject(new Error("not now"));
const secondsOf = (days: number): number => days * 24 * 3600;
const startedNow = () => ({ startTime: new Date().toISOString() });

/** Resolves when two actions have begun; the milliseconds between them. */
async function betweenTwo({ actions }: Watched): Promise<number> {
  const endMs = performance.now() + 10_000;
  while (actions.length < 2 && performance.now() < endMs) await delay(10);
  const [first, second] = actions;
  return (second?.atMs ?? Infinity) - (first?.atMs ?? 0);
}

test("what failed is tried again soon, also when the pod has a deadline that is far away", async (t) => {
  const pod = aPod({ activeDeadlineSeconds: 3600 }, startedNow());
  const watched = workOn(t, pod, refuse);
  assert.ok((await betweenTwo(watched)) < 5_000);
  assert.ok(watched.actions.every(({ type }) => type === "set-up-volumes"));
});

test("a deadline that is further away than a timer reaches is no reason to look again at once", async (t) => {
  const pod = aPod({ activeDeadlineSeconds: secondsOf(30) }, startedNow());
  const neverEnds = (): Promise<void> => new Promise(() => undefined);
  const running = {
    sandboxes: [{ id: "s", state: PodSandboxState.SANDBOX_READY }],
    containers: [],
  };
  const watched = workOn(t, pod, ({ type }) => (type === "start-container" ? neverEnds() : Promise.resolve()), running);
  await delay(300);
  assert.ok(watched.looks <= 5, `${watched.looks} looks`);
});

test("a container that cannot be stopped is not asked to without a pause", async (t) => {
  const pod = aPod({}, {}, { deletionTimestamp: new Date().toISOString() });
  const running = {
    sandboxes: [{ id: "s", state: PodSandboxState.SANDBOX_READY }],
    containers: [{ id: "c", podSandboxId: "s", state: ContainerState.CONTAINER_RUNNING }],
  };
  const watched = workOn(t, pod, refuse, running);
  assert.ok((await betweenTwo(watched)) > 400);
  assert.ok(watched.actions.every(({ type }) => type === "stop-container"));
});

test("what a pod waits for is given up when it is deleted, also by what keeps it from being looked at", async (t) => {
  const failure = Promise.withResolvers<void>();
  const watched = workOn(t, aPod(), ({ type }, { deleted }) => {
    if (type === "set-up-volumes")
      deleted.signal.addEventListener("abort", () => failure.reject(new Error("given up")));
    return type === "set-up-volumes" ? failure.promise : Promise.resolve();
  });
  await delay(50);
  watched.worker.wake("u");
  await delay(50);
  assert.deepEqual(
    watched.actions.map(({ type }) => type),
    ["set-up-volumes"],
  );
  watched.isGone = true;
  watched.worker.wake("u");
  await betweenTwo(watched);
  assert.equal(watched.actions[1]?.type, "tear-down");
});
