/**
 * The embedded API server next to kube-apiserver 1.20 with etcd, in the same run on the same machine, round by round: requests at
 * 1, 16 and 64 clients, the fan-out of watches, a list of 10,000 objects, memory, and a restart with that data.
 *
 * kube-apiserver comes from the test cluster's cache; `npm run bench api -- --build` builds it (about ten minutes, once).
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { cacheDir } from "../test/fixtures/cache.ts";
import type { Client } from "../src/client/client.ts";
import { binDirOf, missingPrograms, provideBinaries } from "../test/cluster/kubernetes/binaries.ts";
import { pssBytesOf } from "../test/embedded/pod-memory.ts";
import { type Contender, startEmbedded, startUpstream } from "./lib/api-contender.ts";
import {
  collection,
  configMap,
  fill,
  makeNamespace,
  type Measured,
  readBody,
  runFanOut,
  runLoad,
  withClients,
} from "./lib/api-load.ts";
import { median, type Row, rounded, writeReport } from "./lib/report.ts";

const rounds = 3;
const clientCounts = [1, 16, 64];
const measuredSeconds = 2;
const listedObjects = 100;
const manyObjects = 10_000;
const manyListings = 5;
const fanOut = { writes: 100, writesPerSecond: 50 };
const restarts = 3;
/** Until a garbage collector has seen that nothing happens any more. */
const settleMs = 10_000;

const text = `The embedded API server (one process, sqlite) and kube-apiserver 1.20.2 with etcd 3.4 (two processes), side by side in the same run, each idle while the other is measured. Medians of ${rounds} rounds; ConfigMaps of 1 KiB; TLS, client certificates and RBAC on both; both sync each commit to the same disk. The clients run on the same processors: at 16 and 64 of them the figures tell what is left beside the clients, so compare the CPU time of the server per request, too. Pairs are embedded / kube-apiserver; for the list of ${manyObjects.toLocaleString("en")} the second is the slowest of five. A restart is kill -9 of all processes, then the time until requests are answered, the median of three. Ratio: embedded to kube-apiserver.`;
/** Counts the measurements: names of objects never repeat. */
const run = { number: 0 };

type Request = Parameters<typeof runLoad>[1]["request"];
type Pair<T> = { embedded: T; upstream: T };
type Side = keyof Pair<unknown>;
const sides: readonly Side[] = ["embedded", "upstream"];

const { values } = parseArgs({ options: { build: { type: "boolean", default: false } } });
if (!values.build && missingPrograms(cacheDir).includes("kube-apiserver")) {
  console.log(
    "skipped: kube-apiserver is not built yet; `npm run bench api -- --build` builds it (about ten minutes, once)",
  );
} else {
  if (values.build) await provideBinaries({ cacheDir, say: console.log });
  await compare(binDirOf(cacheDir));
}

async function compare(binDir: string): Promise<void> {
  const started: Contender[] = [];
  const start = async (starting: Promise<Contender>) => {
    const contender = await starting;
    started.push(contender);
    return contender;
  };
  try {
    const contenders = { embedded: await start(startEmbedded()), upstream: await start(startUpstream(binDir)) };
    const rows = await measureAll(contenders);
    writeReport({ name: "api", title: "API server", text, rows });
  } finally {
    for (const contender of started) await contender.remove();
  }
}

async function measureAll(contenders: Pair<Contender>): Promise<Row[]> {
  const idle = await both(contenders, memoryMib, settleMs);
  for (const side of sides) await prepare(contenders[side]);
  const rows: Row[] = [];
  for (const clients of clientCounts) {
    rows.push(await measureLoad("create", contenders, clients, create));
    rows.push(await measureLoad("get", contenders, clients, get));
    rows.push(await measureLoad(`list of ${listedObjects}`, contenders, clients, list));
    rows.push(await measureFanOut(contenders, clients));
  }
  rows.push(await measureManyObjects(contenders));
  const loaded = await both(contenders, memoryMib, settleMs);
  const ready = await both(contenders, medianRestartMs, 0);
  const restarted = await both(contenders, memoryMib, settleMs);
  return [
    ...rows,
    plainRow("memory, idle (PSS)", "MiB", idle),
    plainRow("memory, after the load", "MiB", loaded),
    plainRow(`restart with ${manyObjects.toLocaleString("en")} objects and more`, "ms", ready),
    plainRow("memory, after the restart", "MiB", restarted),
  ];
}

async function prepare(contender: Contender): Promise<void> {
  for (const name of ["created", "listed", "watched", "many"]) await makeNamespace(contender, name);
  await fill(contender, "listed", listedObjects);
}

function create(client: Client, turn: number): Promise<unknown> {
  return client.request("POST", collection("created"), configMap(`c-${run.number}-${turn}`));
}

function get(client: Client, turn: number): Promise<unknown> {
  return client.request("GET", `${collection("listed")}/o-${turn % listedObjects}`);
}

function list(client: Client): Promise<unknown> {
  return readBody(client, collection("listed"));
}

async function measureLoad(what: string, contenders: Pair<Contender>, clients: number, request: Request): Promise<Row> {
  const measured = await inRounds(contenders, (contender) =>
    runLoad(contender, { clients, seconds: measuredSeconds, request }),
  );
  return row(what, `${clients}`, measured);
}

async function measureFanOut(contenders: Pair<Contender>, watchers: number): Promise<Row> {
  const measured = await inRounds(contenders, (contender, round) =>
    runFanOut(contender, { namespace: "watched", watchers, round, ...fanOut }),
  );
  return latencyRow(`write seen by all watches (${fanOut.writesPerSecond}/s)`, `${watchers}`, measured);
}

async function measureManyObjects(contenders: Pair<Contender>): Promise<Row> {
  for (const side of sides) await fill(contenders[side], "many", manyObjects);
  const measured = await inRounds(contenders, async (contender) => {
    const times = await withClients(contender, 1, async ([client]) => {
      const taken: number[] = [];
      for (let count = 0; count < manyListings; count += 1) {
        const startedAt = performance.now();
        await readBody(client, collection("many"));
        taken.push(performance.now() - startedAt);
      }
      return taken;
    });
    return { perSecond: 0, p50Ms: median(times), p99Ms: Math.max(...times), cpuMs: 0 };
  });
  return latencyRow(`list of ${manyObjects.toLocaleString("en")}`, "1", measured);
}

/** The one that goes first has the warmer machine, so they take turns. */
async function inRounds(
  contenders: Pair<Contender>,
  measure: (contender: Contender, round: number) => Promise<Measured>,
): Promise<Pair<Measured[]>> {
  const measured: Pair<Measured[]> = { embedded: [], upstream: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? sides : sides.toReversed();
    for (const side of order) {
      run.number += 1;
      measured[side].push(await measure(contenders[side], round));
    }
  }
  return measured;
}

async function both<T>(
  contenders: Pair<Contender>,
  look: (contender: Contender) => Promise<T> | T,
  waitMs: number,
): Promise<Pair<T>> {
  await delay(waitMs);
  return { embedded: await look(contenders.embedded), upstream: await look(contenders.upstream) };
}

function memoryMib(contender: Contender): number {
  return contender.pids().reduce((sum, pid) => sum + pssBytesOf(pid), 0) / 2 ** 20;
}

async function medianRestartMs(contender: Contender): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < restarts; count += 1) times.push(await contender.restart());
  return median(times);
}

function row(what: string, clients: string, { embedded, upstream }: Pair<Measured[]>): Row {
  return columns(what, clients, "per s", medianOf(embedded, "perSecond"), medianOf(upstream, "perSecond"), {
    "p99 ms": `${rounded(medianOf(embedded, "p99Ms"))} / ${rounded(medianOf(upstream, "p99Ms"))}`,
    "CPU ms per request": cpuOf(embedded, upstream),
  });
}

function latencyRow(what: string, clients: string, { embedded, upstream }: Pair<Measured[]>): Row {
  return columns(what, clients, "p50 ms", medianOf(embedded, "p50Ms"), medianOf(upstream, "p50Ms"), {
    "p99 ms": `${rounded(medianOf(embedded, "p99Ms"))} / ${rounded(medianOf(upstream, "p99Ms"))}`,
    "CPU ms per request": cpuOf(embedded, upstream),
  });
}

function plainRow(what: string, unit: string, { embedded, upstream }: Pair<number>): Row {
  return columns(what, "", unit, embedded, upstream, { "p99 ms": "", "CPU ms per request": "" });
}

function columns(what: string, clients: string, unit: string, embedded: number, upstream: number, more: Row): Row {
  return {
    what,
    clients,
    unit,
    embedded: rounded(embedded),
    "kube-apiserver": rounded(upstream),
    ratio: rounded(embedded / upstream, 2),
    ...more,
  };
}

function cpuOf(embedded: Measured[], upstream: Measured[]): string {
  const [ours, theirs] = [medianOf(embedded, "cpuMs"), medianOf(upstream, "cpuMs")];
  return ours === 0 ? "" : `${rounded(ours, 2)} / ${rounded(theirs, 2)}`;
}

function medianOf(all: readonly Measured[], field: keyof Measured): number {
  return median(all.map((each) => each[field]));
}
