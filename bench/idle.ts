/** What vmpod itself costs while nothing happens: memory and processor time of each of its processes. */
import { setTimeout as delay } from "node:timers/promises";
import { pidOf, parts } from "../test/embedded/parts.ts";
import { pssBytesOf } from "../test/embedded/pod-memory.ts";
import { withInstance } from "./lib/bench-instance.ts";
import { processorMsOf } from "./lib/processor-time.ts";
import { type Row, rounded, writeReport } from "./lib/report.ts";

/** Long enough for what a start leaves to be done. */
const settleMs = 30_000;
const watchedMs = 60_000;

const memory = "PSS MiB";
const processor = "% of a CPU";

await withInstance(async (instance) => {
  await delay(settleMs);
  const pids = parts.map((part) => pidOf(instance, part) ?? 0);
  const before = pids.map(processorMsOf);
  await delay(watchedMs);
  const rows = parts.map((part, index) => {
    const pid = pids[index] ?? 0;
    const usedMs = processorMsOf(pid) - (before[index] ?? 0);
    return row(part, pssBytesOf(pid) / 2 ** 20, (usedMs * 100) / watchedMs);
  });
  const sum = (column: string) => rows.reduce((total, each) => total + Number(each[column]), 0);
  const total = row("together", sum(memory), sum(processor));
  const text = `An instance without machines or containers, ${settleMs / 1000} s after it was up, watched for ${watchedMs / 1000} s. PSS from /proc/PID/smaps_rollup; processor time (user and system) in percent of one CPU.`;
  writeReport({ name: "idle", title: "What an idle instance costs", text, rows: [...rows, total] });
});

function row(process: string, mebibytes: number, percent: number): Row {
  return { process, [memory]: rounded(mebibytes), [processor]: rounded(percent, 2) };
}
