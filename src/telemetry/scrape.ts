/**
 * The samples of one scrape, taken together when somebody asks and thrown away afterwards: what is gone is not told any more, and nothing is
 * counted while nobody looks.
 *
 *   collectors --add--> Scrape --text()--> Prometheus text format 0.0.4
 */
import { Counter, Gauge, Registry } from "prom-client";
import type { Metric } from "./metric.ts";

/** Of what a scrape answers with. */
export const scrapeContentType = Registry.PROMETHEUS_CONTENT_TYPE;

export class Scrape {
  readonly #registry = new Registry();
  readonly #written = new Map<string, Gauge | Counter>();

  /** Nothing is said of what is not known: `undefined`, or no number. A counter that is negative is not known either. */
  add<Label extends string>(metric: Metric<Label>, labels: Readonly<Record<Label, string>>, value?: number): void {
    if (value === undefined || !Number.isFinite(value)) return;
    if (metric.type !== "counter") return this.#writerOf(metric, Gauge).set(labels, value);
    if (value >= 0) this.#writerOf(metric, Counter).inc(labels, value);
  }

  async text(): Promise<string> {
    return this.#written.size === 0 ? "" : this.#registry.metrics();
  }

  #writerOf<W extends Gauge | Counter>({ name, help, labels }: Metric, Writer: new (options: WriterOptions) => W): W {
    const known = this.#written.get(name) as W | undefined;
    if (known) return known;
    const made = new Writer({ name, help, labelNames: labels, registers: [this.#registry] });
    this.#written.set(name, made);
    return made;
  }
}

interface WriterOptions {
  name: string;
  help: string;
  labelNames: readonly string[];
  registers: Registry[];
}
