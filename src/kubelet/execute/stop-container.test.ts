import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import pino from "pino";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { type ExecSyncRequest, RuntimeService, type StopContainerRequest } from "../../cri/gen/runtime/v1/api.gen.ts";
import type { KubeletContext } from "../context.ts";
import { aPod, mainContainer } from "../pods/fixture.ts";
import { type Stops, stopContainer } from "./stop-container.ts";

interface Runtime {
  stopContainer?: (request: StopContainerRequest) => Promise<object>;
  execSync?: (request: ExecSyncRequest) => Promise<object>;
}

function contextWith(runtime: Runtime): KubeletContext {
  const transport = createRouterTransport(({ service }) => service(RuntimeService, runtime));
  return {
    cri: { runtime: createClient(RuntimeService, transport) },
    events: { normal: () => undefined, warning: () => undefined },
    log: pino({ level: "silent" }),
  } as unknown as KubeletContext;
}

const stop = (graceSeconds: number) =>
  ({ type: "stop-container", containerId: "c", container: "main", graceSeconds, message: "Stopping" }) as const;
const aYear = 365 * 24 * 3600;

test("a stop that is to be quicker, and finds the runtime gone, is tried again when it is asked for again", async () => {
  const first = Promise.withResolvers<object>();
  const asked: number[] = [];
  const context = contextWith({
    stopContainer({ timeout }) {
      asked.push(Number(timeout));
      if (asked.length === 1) return first.promise;
      return asked.length === 2 ? Promise.reject(new ConnectError("restarts", Code.Unavailable)) : Promise.resolve({});
    },
  });
  const stops: Stops = new Map();
  const stopped = stopContainer(context, stops, aPod(), stop(60));
  await delay(10);
  for (let look = 0; look < 3; look++) {
    stops.get("c")?.hurry(0);
    await delay(10);
  }
  first.resolve({});
  await stopped;
  assert.deepEqual(asked, [60, 0, 0]);
});

test("a grace period that no timer reaches is one: the hook may take its time, and so may the container", async () => {
  const hook = Promise.withResolvers<object>();
  const asked: string[] = [];
  const context = contextWith({
    async execSync() {
      asked.push("hook begins");
      const answer = await hook.promise;
      asked.push("hook ends");
      return answer;
    },
    async stopContainer() {
      asked.push("stop begins");
      await delay(50);
      asked.push("stop ends");
      return {};
    },
  });
  const container = { ...mainContainer, lifecycle: { preStop: { exec: { command: ["power-off"] } } } };
  const stopped = stopContainer(context, new Map(), aPod({ containers: [container] }), stop(aYear));
  await delay(50);
  hook.resolve({ exitCode: 0 });
  await stopped;
  assert.deepEqual(asked, ["hook begins", "hook ends", "stop begins", "stop ends"]);
});
