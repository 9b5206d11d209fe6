import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import pino from "pino";
import type { Pod } from "../../api/core.ts";
import { createNetworkKeeper } from "./network-keeper.ts";
import type { PodNetwork } from "./pod-network.ts";
import { aPod, mainContainer } from "./pods/fixture.ts";

const containers = [{ ...mainContainer, ports: [{ containerPort: 80, hostPort: 8080 }] }];
const options = { instance: "x", podCidrs: ["10.0.0.0/24"], log: pino({ level: "silent" }) };

/** What was written, and how it went: `true` for each that is to succeed. */
function keep(...outcomes: boolean[]) {
  const pods = new Map<string, Pod>();
  const written: string[] = [];
  const stop = new AbortController();
  const keeper = createNetworkKeeper(options, pods, ({ hostPorts }: PodNetwork) => {
    if (outcomes.shift() === false) return Promise.reject(new Error("no such bridge"));
    written.push(hostPorts.map(({ podIp }) => podIp).join());
    return Promise.resolve();
  });
  const change = (podIP: string): void => {
    pods.set(podIP, aPod({ containers }, { phase: "Running", podIP }));
    keeper.refresh();
  };
  return { keeper, written, change, stop };
}

async function until(condition: () => boolean): Promise<void> {
  for (const endMs = performance.now() + 10_000; !condition() && performance.now() < endMs; ) await delay(10);
}

test("a table that could not be written is written a moment later, though nothing has changed since", async () => {
  const { keeper, written, change, stop } = keep(true, false, true);
  keeper.start(stop.signal);
  await until(() => written.length === 1);
  change("10.0.0.2");
  await until(() => written.length === 2);
  stop.abort();
  deepEqual(written, ["", "10.0.0.2"]);
});

test("a burst of changes is written once, and what changes nothing is not", async () => {
  const { keeper, written, change, stop } = keep();
  change("10.0.0.9");
  keeper.start(stop.signal);
  await until(() => written.length === 1);
  for (const podIP of ["10.0.0.2", "10.0.0.3"]) change(podIP);
  await until(() => written.length === 2);
  keeper.refresh();
  await delay(100);
  stop.abort();
  deepEqual(written, ["10.0.0.9", "10.0.0.9,10.0.0.2,10.0.0.3"]);
});
