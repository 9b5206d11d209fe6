/** Metrics that another process has: it is asked when somebody asks us, and what it does not tell in time is left out. */
import { Gauge, type Registry } from "prom-client";
import { within } from "../base/within.ts";

export interface MetricSource {
  name: string;
  /** Prometheus text, of metrics that no other source has. */
  text(): Promise<string>;
}

/** Prometheus waits ten seconds. */
const timeoutMs = 9_000;

/** Their texts one after the other; how it went is told by a metric of the registry. Never rejects. */
export function createSourceReader(sources: readonly MetricSource[], registry: Registry): () => Promise<string[]> {
  if (sources.length === 0) return () => Promise.resolve([]);
  const answered = new Gauge({
    name: "vmpod_metrics_source_up",
    help: "1: this part of vmpod told its metrics; 0: it did not, and they are missing here.",
    labelNames: ["source"],
    registers: [registry],
  });
  return async () =>
    await Promise.all(
      sources.map(async (source) => {
        const text = await within(timeoutMs, source.text());
        answered.set({ source: source.name }, text === undefined ? 0 : 1);
        return text ?? "";
      }),
    );
}
