/** `/metrics`, with the names that dashboards for Kubernetes expect. */
import { createSourceReader, type MetricSource } from "../telemetry/source.ts";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry as Metrics } from "prom-client";

export interface RequestMetrics {
  contentType: string;
  text(): Promise<string>;
  finished(request: { verb: string; resource: string; code: number; seconds: number }): void;
  inFlight(change: 1 | -1): void;
}

const buckets = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 5, 10, 30, 60];

/** `metrics` may hold more than what is counted here; the sources' follow it. */
export function createRequestMetrics(metrics = new Metrics(), sources: readonly MetricSource[] = []): RequestMetrics {
  collectDefaultMetrics({ register: metrics });
  const registers = [metrics];
  const readSources = createSourceReader(sources, metrics);
  const requests = new Counter({
    name: "apiserver_request_total",
    help: "Requests by verb, resource and code.",
    labelNames: ["verb", "resource", "code"],
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
  return {
    contentType: metrics.contentType,
    async text() {
      const others = await readSources();
      return [await metrics.metrics(), ...others].join("\n");
    },
    finished({ verb, resource, code, seconds }) {
      requests.inc({ verb, resource, code });
      // How long a watch lasts says nothing of latency.
      if (verb !== "watch") durations.observe({ verb, resource }, seconds);
    },
    inFlight: (change) => running.inc(change),
  };
}
