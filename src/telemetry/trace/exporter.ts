/**
 * Sends traces to a collector by OTLP/HTTP, one at a time. It never holds anybody up: a few wait their turn, and when more come, or the collector
 * does not take one, they are lost and that is logged once until it works again.
 */
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { OtlpRequest } from "./otlp.ts";

export interface TraceExporter {
  export(request: OtlpRequest): void;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

export interface TraceTarget {
  url: string;
  headers: Readonly<Record<string, string>>;
}

const mostWaiting = 100;
const timeoutMs = 10_000;

export function createTraceExporter({ url, headers }: TraceTarget, log: Logger): TraceExporter {
  const waiting: OtlpRequest[] = [];
  let sending: Promise<void> | undefined;
  let isFailing = false;

  async function sendAll(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        await send(next);
        isFailing = false;
      } catch (error) {
        if (!isFailing) log.warn({ url, error: messageOf(error) }, "traces are lost");
        isFailing = true;
      }
    }
    sending = undefined;
  }

  async function send(request: OtlpRequest): Promise<void> {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the collector answers ${response.status}`);
  }

  return {
    export(request) {
      if (waiting.length >= mostWaiting) waiting.shift();
      waiting.push(request);
      sending ??= sendAll();
    },
    idle: async () => await sending,
  };
}

/** As OpenTelemetry's own libraries are configured; undefined when nothing is. */
export function traceTargetFrom(environment: Readonly<Record<string, string | undefined>>): TraceTarget | undefined {
  const base = environment["OTEL_EXPORTER_OTLP_ENDPOINT"];
  const url = environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] || (base && `${base.replace(/\/+$/, "")}/v1/traces`);
  if (!url) return undefined;
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw new Error(`OTEL_EXPORTER_OTLP_ENDPOINT ${JSON.stringify(url)}: use an address such as http://collector:4318`);
  return { url, headers: headersFrom(environment["OTEL_EXPORTER_OTLP_HEADERS"] ?? "") };
}

/** `key=value,key=value`, values percent-encoded. */
function headersFrom(text: string): Record<string, string> {
  const pairs = text.split(",").map((pair) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair));
  return Object.fromEntries(pairs.flatMap((match) => (match ? [[match[1], decodeURIComponent(match[2] ?? "")]] : [])));
}
