/**
 * Takes a sample of one guest: all at once, each part on its own and none longer than a part may take. Only a QEMU that answers
 * a first question is asked more, so that a stopped one does not collect questions.
 */
import { guestAgentPresent } from "../../qemu/guest-agent/presence.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import { unlessRefused } from "../guest/read-guest.ts";
import type { GuestAgents } from "../guest/guest-agents.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { type BalloonPolling, balloonPath } from "./balloon-polling.ts";
import type { Figures, GuestFigures } from "./guest-figures.ts";
import { type InterfaceCounters, parseTaps, readInterfaceCounters } from "./interface-counters.ts";
import { readProcess, readThreads, type ThreadSample } from "./processor-time.ts";
import type { BlockStatistics } from "../../qemu/qmp/commands.ts";
import type { MachineSample } from "./sample.ts";
import { within } from "../../base/within.ts";

export interface SampledMachine {
  qemu: QemuProcess;
  monitor: () => Promise<QmpClient>;
  guests: GuestAgents;
  figures: GuestFigures;
  polling: BalloonPolling;
  panics: number;
}

const partMs = 2_000;
const timeoutMs = partMs;

export async function sampleMachine(machine: SampledMachine): Promise<MachineSample> {
  const { qemu, panics } = machine;
  const [process, qmp] = await Promise.all([readProcess(qemu.pid), within(partMs, answering(machine))]);
  if (qmp === undefined) return { ...process, state: "unknown", panics };
  const { client, state } = qmp;
  const ask = <T>(answer: Promise<T>): Promise<T | undefined> => within(partMs, answer);
  const [vcpus, memoryBytes, balloonBytes, guestMemory, drives, interfaces, migration, dirtyRate, guest] =
    await Promise.all([
      ask(vcpusOf(client, qemu)),
      ask(memoryOf(client)),
      ask(client.execute("query-balloon", {}, { timeoutMs })),
      ask(guestMemoryOf(client, machine)),
      ask(drivesOf(client)),
      ask(interfacesOf(client, qemu)),
      ask(client.execute("query-migrate", {}, { timeoutMs })),
      ask(dirtyRateOf(client)),
      ask(guestOf(client, machine)),
    ]);
  return {
    ...process,
    ...guest,
    state,
    vcpus,
    memoryBytes,
    balloonBytes: balloonBytes?.actual,
    guestMemory,
    drives,
    interfaces,
    migration,
    dirtyRate,
    panics,
  };
}

async function answering({ monitor }: SampledMachine): Promise<{ client: QmpClient; state: string }> {
  const client = await monitor();
  const { status } = await client.execute("query-status", {}, { timeoutMs });
  return { client, state: status };
}

/** QEMU names threads as its own namespace numbers them. */
async function vcpusOf(client: QmpClient, { pid }: QemuProcess): Promise<Map<number, ThreadSample>> {
  const [cpus, threads] = await Promise.all([client.execute("query-cpus-fast", {}, { timeoutMs }), readThreads(pid)]);
  return new Map(
    cpus.flatMap((cpu) => {
      const time = threads.get(cpu["thread-id"]);
      return time === undefined ? [] : [[cpu["cpu-index"], time] as const];
    }),
  );
}

async function memoryOf(client: QmpClient): Promise<number> {
  const memory = await client.execute("query-memory-size-summary", {}, { timeoutMs });
  return memory["base-memory"] + (memory["plugged-memory"] ?? 0);
}

/** What the guest told last; at the first scrape usually nothing. */
async function guestMemoryOf(
  client: QmpClient,
  { qemu, polling }: SampledMachine,
): Promise<Record<string, number> | undefined> {
  await polling.keepOn(qemu, client);
  const answer = await client.execute("qom-get", { path: balloonPath, property: "guest-stats" }, { timeoutMs });
  return readGuestMemory(answer);
}

/** Undefined before the guest's driver has answered once. */
export function readGuestMemory(answer: unknown): Record<string, number> | undefined {
  const { stats, "last-update": lastUpdate } = answer as { stats?: Record<string, number>; "last-update"?: number };
  return lastUpdate ? stats : undefined;
}

async function drivesOf(client: QmpClient): Promise<Map<string, BlockStatistics>> {
  const drives = await client.execute("query-blockstats", {}, { timeoutMs });
  return new Map(
    drives.flatMap(({ qdev, stats }) => {
      const name = driveName(qdev ?? "");
      return name === undefined ? [] : [[name, stats] as const];
    }),
  );
}

/** A drive's device is named by its id, or by where it is: `/machine/peripheral/disk-root/virtio-backend`. */
export function driveName(qdev: string): string | undefined {
  return /^(?:\/machine\/peripheral\/)?disk-([^/]+)/.exec(qdev)?.[1];
}

async function interfacesOf(client: QmpClient, { pid }: QemuProcess): Promise<Map<string, InterfaceCounters>> {
  const [network, counters] = await Promise.all([
    client.execute("human-monitor-command", { "command-line": "info network" }, { timeoutMs }),
    readInterfaceCounters(pid),
  ]);
  return new Map(
    [...parseTaps(network)].flatMap(([name, tap]) => {
      const found = counters.get(tap);
      return found === undefined ? [] : [[name, found] as const];
    }),
  );
}

/** What the measurement that the scrape before began has found; begins the next. A migration measures for itself. */
async function dirtyRateOf(client: QmpClient) {
  const rate = await client.execute("query-dirty-rate", {}, { timeoutMs });
  if (rate.status !== "measuring")
    await unlessRefused(client.execute("calc-dirty-rate", { "calc-time": 1 }, { timeoutMs }));
  return rate;
}

async function guestOf(client: QmpClient, { guests, figures, qemu }: SampledMachine): Promise<Figures> {
  if (!(await guestAgentPresent(client))) return {};
  return figures.of(qemu, guests.of(qemu), partMs - 100);
}
