/**
 * How fast the store writes: 1, 16 and 64 clients, each waiting for its write before it makes the next, with values as
 * large as a Pod. The time of a bare fsync on the same disk is printed for comparison.
 */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore } from "../src/store/memory.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import type { Store } from "../src/store/store.ts";

const valueBytes = 4096;
const measuredMs = 3000;
const keysPerClient = 100;

interface Row {
  store: string;
  clients: number;
  "writes/s": number;
  "p50 ms": number;
  "p99 ms": number;
  "CPU µs/write": number;
  "longest pause ms": number;
}

async function measure(name: string, store: Store, clients: number): Promise<Row> {
  const value = "x".repeat(valueBytes);
  const latencies: number[] = [];
  const cpuBefore = process.cpuUsage();
  const pauses = watchPauses();
  const startedAt = performance.now();

  async function client(number: number): Promise<void> {
    const revisions = new Map<string, number>();
    for (let turn = 0; performance.now() - startedAt < measuredMs; turn++) {
      const key = `/bench/${clients}/${number}/${turn % keysPerClient}`;
      const known = revisions.get(key);
      const before = performance.now();
      const revision = known ? await store.update(key, value, known) : await store.create(key, value);
      latencies.push(performance.now() - before);
      revisions.set(key, revision);
      // Give the timers and the other clients their turn, as requests over a network do.
      if (name === "memory") await new Promise(setImmediate);
    }
  }

  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  latencies.sort((a, b) => a - b);
  return {
    store: name,
    clients,
    "writes/s": Math.round(latencies.length / seconds),
    "p50 ms": percentile(latencies, 0.5),
    "p99 ms": percentile(latencies, 0.99),
    "CPU µs/write": Math.round((user + system) / latencies.length),
    "longest pause ms": round(pauses.stop()),
  };
}

/** How long the thread that answers requests was busy at a time. */
function watchPauses(): { stop(): number } {
  let last = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last - 1);
    last = performance.now();
  }, 1);
  return {
    stop() {
      clearInterval(timer);
      return longest;
    },
  };
}

function percentile(sorted: number[], fraction: number): number {
  return round(sorted[Math.floor(sorted.length * fraction)] ?? 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function measureFsync(directory: string): number {
  const file = openSync(join(directory, "fsync"), "w");
  const times = Array.from({ length: 50 }, () => {
    writeSync(file, Buffer.alloc(valueBytes));
    const before = performance.now();
    fsyncSync(file);
    return performance.now() - before;
  });
  closeSync(file);
  return percentile(
    times.sort((a, b) => a - b),
    0.5,
  );
}

const directory = await mkdtemp(join(process.env["VMPOD_BENCH_DIR"] ?? tmpdir(), "vmpod-bench-"));
try {
  const rows: Row[] = [];
  for (const clients of [1, 16, 64]) {
    const memory = createMemoryStore();
    rows.push(await measure("memory", memory, clients));
    await memory.close();
    const sqlite = await openSqliteStore(join(directory, `${clients}.db`));
    rows.push(await measure("sqlite", sqlite, clients));
    await sqlite.close();
  }
  console.log(`store: ${cpus().length} CPUs, values of ${valueBytes} B, fsync p50 ${measureFsync(directory)} ms`);
  console.table(rows);
} finally {
  await rm(directory, { recursive: true });
}
