/**
 * How often the API server was asked for what, by its /metrics, and how often by us: the difference is what the process that is measured
 * asked for. Keys are `verb resource`; a subresource counts with its resource.
 */
import { buffer } from "node:stream/consumers";
import { pods } from "../../api/core.ts";
import type { Client } from "../../src/client/client.ts";

export type Counts = ReadonlyMap<string, number>;

export async function serverCounts(client: Client): Promise<Counts> {
  const text = (await buffer(await client.open("/metrics"))).toString("utf8");
  const counts = new Map<string, number>();
  for (const [, verb = "", resource = "", value] of text.matchAll(counter)) {
    if (resource !== "") add(counts, `${verb} ${resource}`, Number(value));
  }
  return counts;
}

const counter = /^apiserver_request_total\{verb="([^"]*)",resource="([^"]*)",code="[^"]*"\} (\d+)$/gm;

/** A client that notes what the simulation asks for. `request` is there for bindings of pods, which are creations. */
export function countingClient(client: Client): { client: Client; counts: Counts } {
  const counts = new Map<string, number>();
  const note = (verb: string, { plural }: { plural: string }): Client => {
    add(counts, `${verb} ${plural}`, 1);
    return client;
  };
  return {
    counts,
    client: {
      ...client,
      get: (resource, ...rest) => note("get", resource).get(resource, ...rest),
      list: (resource, ...rest) => note("list", resource).list(resource, ...rest),
      watch: (resource, ...rest) => note("watch", resource).watch(resource, ...rest),
      create: (resource, ...rest) => note("create", resource).create(resource, ...rest),
      updateStatus: (resource, ...rest) => note("update", resource).updateStatus(resource, ...rest),
      patch: (resource, ...rest) => note("patch", resource).patch(resource, ...rest),
      request: (...args) => note("create", pods).request(...args),
    },
  };
}

/** What was asked for between two looks. */
export function difference(after: Counts, before: Counts): Counts {
  return new Map([...after].map(([key, count]) => [key, count - (before.get(key) ?? 0)]));
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}
