/** `/metrics`, with the names that dashboards for Kubernetes expect. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry as Metrics } from "prom-client";
import { groupResource } from "./registry/kind.ts";
import type { Registry } from "./registry/registry.ts";
import type { Cache } from "./storage/cache.ts";
import { bucketOf } from "./storage/keys.ts";

export interface ServerMetrics {
  contentType: string;
  text(): Promise<string>;
  finished(request: { verb: string; resource: string; code: number; seconds: number }): void;
  inFlight(change: 1 | -1): void;
}

const buckets = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 5, 10, 30, 60];

export function createMetrics(registry: Registry, cache: Cache): ServerMetrics {
  const metrics = new Metrics();
  collectDefaultMetrics({ register: metrics });
  const registers = [metrics];
  const labelNames = ["verb", "resource", "code"];
  const requests = new Counter({
    name: "apiserver_request_total",
    help: "Requests by verb, resource and code.",
    labelNames,
    registers,
  });
  const durations = new Histogram({
    name: "apiserver_request_duration_seconds",
    help: "Response latency in seconds.",
    labelNames: ["verb", "resource"],
    buckets,
    registers,
  });
  const running = new Gauge({
    name: "apiserver_current_inflight_requests",
    help: "Requests being worked on.",
    registers,
  });
  const stored = new Gauge({
    name: "apiserver_storage_objects",
    help: "Number of stored objects by kind.",
    labelNames: ["resource"],
    registers,
    collect() {
      for (const kind of registry.all()) this.set({ resource: groupResource(kind) }, cache.count(bucketOf(kind)));
    },
  });
  void stored;
  return {
    contentType: metrics.contentType,
    text: () => metrics.metrics(),
    finished({ verb, resource, code, seconds }) {
      requests.inc({ verb, resource, code });
      // How long a watch lasts says nothing of latency.
      if (verb !== "watch") durations.observe({ verb, resource }, seconds);
    },
    inFlight: (change) => running.inc(change),
  };
}
