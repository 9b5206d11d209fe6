/** The metrics of requests, how much is stored, and what the instance's other parts tell. */
import { Gauge, Registry as Metrics } from "prom-client";
import type { MetricSource } from "../telemetry/source.ts";
import { createRequestMetrics, type RequestMetrics } from "../http/metrics.ts";
import { groupResource } from "./registry/kind.ts";
import type { Registry } from "./registry/registry.ts";
import type { Cache } from "./storage/cache.ts";
import { bucketOf } from "./storage/keys.ts";

export function createMetrics(registry: Registry, cache: Cache, sources: readonly MetricSource[]): RequestMetrics {
  const metrics = new Metrics();
  const stored = new Gauge({
    name: "apiserver_storage_objects",
    help: "Number of stored objects by kind.",
    labelNames: ["resource"],
    registers: [metrics],
    collect() {
      for (const kind of registry.all()) this.set({ resource: groupResource(kind) }, cache.count(bucketOf(kind)));
    },
  });
  void stored;
  return createRequestMetrics(metrics, sources);
}
