/** Load on an API server: a number of clients, each with a connection of its own, each waiting for its answer before it asks again. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { Client } from "../../src/client/client.ts";
import { createClient } from "../../src/client/create-client.ts";
import { loadKubeconfig } from "../../src/client/kubeconfig.ts";
import type { Contender } from "./api-contender.ts";
import { processorMsOf } from "./processor-time.ts";

export interface Measured {
  /** Requests, or watch events, per second. */
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Of the server's processes, per request. */
  cpuMs: number;
}

export interface Load {
  clients: number;
  seconds: number;
  /** One request; `turn` never repeats, `client` is 0..clients-1. */
  request: (client: Client, turn: number, number: number) => Promise<unknown>;
}

const valueBytes = 1024;

export const collection = (namespace: string): string => `/api/v1/namespaces/${namespace}/configmaps`;

export function configMap(name: string): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { value: "x".repeat(valueBytes) } };
}

export async function withClients<T>(
  contender: Contender,
  count: number,
  use: (clients: [Client, ...Client[]]) => Promise<T>,
): Promise<T> {
  const config = await loadKubeconfig(contender.kubeconfig);
  const more = Array.from({ length: count - 1 }, () => createClient(config));
  const clients: [Client, ...Client[]] = [createClient(config), ...more];
  try {
    // A connection is made by its first request.
    await Promise.all(clients.map((client) => client.request("GET", "/api/v1/namespaces/default")));
    return await use(clients);
  } finally {
    for (const client of clients) client.close();
  }
}

export async function makeNamespace(contender: Contender, name: string): Promise<void> {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
  await withClients(contender, 1, ([client]) => client.request("POST", "/api/v1/namespaces", namespace));
}

/** Objects `o-0`, `o-1` ... */
export async function fill(contender: Contender, namespace: string, count: number): Promise<void> {
  let next = 0;
  await withClients(contender, 16, (clients) =>
    Promise.all(
      clients.map(async (client) => {
        for (let index = next++; index < count; index = next++)
          await client.request("POST", collection(namespace), configMap(`o-${index}`));
      }),
    ),
  );
}

export async function runLoad(contender: Contender, { clients, seconds, request }: Load): Promise<Measured> {
  return await withClients(contender, clients, async (all) => {
    const latencies: number[] = [];
    let turn = 0;
    const cpuBefore = cpuMsOf(contender);
    const startedAt = performance.now();
    const isOver = () => performance.now() - startedAt > seconds * 1000;
    await Promise.all(
      all.map(async (client, number) => {
        while (!isOver()) {
          const sentAt = performance.now();
          await request(client, turn++, number);
          latencies.push(performance.now() - sentAt);
        }
      }),
    );
    const elapsedSeconds = (performance.now() - startedAt) / 1000;
    return summarize(latencies, elapsedSeconds, cpuMsOf(contender) - cpuBefore, latencies.length);
  });
}

export interface FanOut {
  namespace: string;
  watchers: number;
  writes: number;
  writesPerSecond: number;
  /** Makes the names of this round's objects its own. */
  round: number;
}

/** From sending a write until each watcher has read its event. */
export async function runFanOut(contender: Contender, options: FanOut): Promise<Measured> {
  const { namespace, watchers, writes, writesPerSecond, round } = options;
  return await withClients(contender, watchers + 1, async ([writer, ...readers]) => {
    const sentAt = new Map<string, number>();
    const latencies: number[] = [];
    const path = `${collection(namespace)}?watch=1&resourceVersion=${await currentVersion(writer, namespace)}`;
    const streams = await Promise.all(readers.map((client) => client.open(path)));
    const readAll = streams.map((stream) => readEvents(stream, sentAt, latencies, writes));
    const cpuBefore = cpuMsOf(contender);
    const startedAt = performance.now();
    for (let index = 0; index < writes; index += 1) {
      const name = `w-${watchers}-${round}-${index}`;
      sentAt.set(name, performance.now());
      await writer.request("POST", collection(namespace), configMap(name));
      await delay(Math.max(0, startedAt + ((index + 1) * 1000) / writesPerSecond - performance.now()));
    }
    await Promise.all(readAll);
    const elapsedSeconds = (performance.now() - startedAt) / 1000;
    return summarize(latencies, elapsedSeconds, cpuMsOf(contender) - cpuBefore, writes);
  });
}

async function currentVersion(client: Client, namespace: string): Promise<string> {
  const list = await client.request<{ metadata: { resourceVersion: string } }>(
    "GET",
    `${collection(namespace)}?limit=1`,
  );
  return list.metadata.resourceVersion;
}

async function readEvents(
  stream: Readable,
  sentAt: ReadonlyMap<string, number>,
  latencies: number[],
  expected: number,
): Promise<void> {
  let seen = 0;
  for await (const line of createInterface({ input: stream })) {
    const [, name = ""] = /"name":"(w-[\d-]+)"/.exec(line) ?? [];
    const sent = sentAt.get(name);
    if (sent === undefined) continue;
    latencies.push(performance.now() - sent);
    seen += 1;
    if (seen === expected) break;
  }
  stream.destroy();
  if (seen < expected) throw new Error(`a watch ended after ${seen} of ${expected} events`);
}

/** Read to its end, not parsed: the client's work is not what is measured. */
export async function readBody(client: Client, path: string): Promise<number> {
  return (await buffer(await client.open(path))).length;
}

function summarize(latencies: number[], seconds: number, cpuMs: number, requests: number): Measured {
  const sorted = latencies.sort((a, b) => a - b);
  const at = (fraction: number) => sorted[Math.floor((sorted.length - 1) * fraction)] ?? 0;
  return { perSecond: sorted.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), cpuMs: cpuMs / requests };
}

function cpuMsOf(contender: Contender): number {
  return contender.pids().reduce((sum, pid) => sum + processorMsOf(pid), 0);
}
