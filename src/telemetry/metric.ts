/** One metric as it is promised to dashboards: what `docs/metrics.md` lists and what a scrape may contain are the same declarations. */

export type MetricType = "gauge" | "counter" | "histogram";

export interface Metric<Label extends string = string> {
  name: string;
  type: MetricType;
  unit: Unit;
  labels: readonly Label[];
  help: string;
}

export type Unit = "bytes" | "bytes/s" | "count" | "info" | "Unix seconds" | "seconds" | "state";

/** Keeps the names of the labels in the type, so that a sample with others does not compile. */
export function metric<const Label extends string>(
  name: string,
  type: MetricType,
  unit: Unit,
  labels: readonly Label[],
  help: string,
): Metric<Label> {
  return { name, type, unit, labels, help };
}
