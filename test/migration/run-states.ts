/**
 * Which of a guest's QEMUs ran when, by their own events and clock, from each one's second monitor:
 *
 *   source   ─────────────STOP
 *   target                       RESUME──────────────      no two spans may meet
 *
 * A span is never shorter than the guest ran: processors stand still when QEMU says STOP, and go on after it says RESUME. The monitor is
 * the preStop hook's, so it is given back when that comes; from then on QEMU counts as running until it is gone.
 */
import { launcherPaths, socketNames } from "../../src/qemu/domain/paths.ts";
import { QmpClient } from "../../src/qemu/qmp/client.ts";
import { QmpClosed, QmpTimeout } from "../../src/qemu/qmp/errors.ts";
import type { QmpEvent } from "../../src/qemu/qmp/message.ts";
import { isQemuOf, type PodProcess, podProcesses } from "../embedded/processes.ts";

/** When a QEMU ran its guest. */
export interface Span {
  pid: number;
  fromMs: number;
  /** Absent: it still does. */
  toMs?: number;
}

export type Listener = (event: QmpEvent, qmp: QmpClient) => void;

export interface RunStates {
  spans: readonly Span[];
  /** Of every QEMU. @returns how to stop that */
  onEvent(listener: Listener): () => void;
  stop(): void;
}

/** A QEMU is there for seconds before a guest can come to it. */
const lookMs = 200;
const greetingMs = 5_000;

/** @param cgroups begins those of the pods */
export function watchRunStates(cgroups: string, machine: string): RunStates {
  const spans: Span[] = [];
  const listeners = new Set<Listener>();
  /** Whose events say more than the answer to an earlier question. */
  const told = new Set<number>();
  const monitors = new Map<number, QmpClient | "connecting" | "closed">();

  function begin(pid: number, fromMs: number): void {
    if (!spans.some((span) => span.pid === pid && span.toMs === undefined)) spans.push({ pid, fromMs });
  }

  function end(pid: number, toMs: number): void {
    for (const span of spans) if (span.pid === pid) span.toMs ??= toMs;
  }

  function note(pid: number, event: QmpEvent, qmp: QmpClient): void {
    if (event.event === "RESUME" || event.event === "STOP") told.add(pid);
    if (event.event === "RESUME") begin(pid, event.timestampMs);
    if (event.event === "STOP") end(pid, event.timestampMs);
    for (const listener of listeners) listener(event, qmp);
  }

  async function attach(pid: number): Promise<void> {
    monitors.set(pid, "connecting");
    try {
      const path = `/proc/${pid}/root${launcherPaths.run}/${socketNames.stop}`;
      const qmp = await QmpClient.connect(path, { timeoutMs: greetingMs });
      monitors.set(pid, qmp);
      qmp.onEvent((event) => note(pid, event, qmp));
      void qmp.closed.then(() => monitors.get(pid) === qmp && end(pid, Date.now()));
      const { running } = await qmp.execute("query-status");
      if (running && !told.has(pid)) begin(pid, Date.now());
    } catch (error) {
      if (!(error instanceof QmpClosed || error instanceof QmpTimeout)) throw error;
      monitors.delete(pid);
    }
  }

  /** Another QEMU may get the pid of one that is gone. */
  function forgetAllBut(alive: ReadonlySet<number>): void {
    for (const { pid } of spans) if (!alive.has(pid)) end(pid, Date.now());
    for (const pid of [...monitors.keys(), ...told]) {
      if (alive.has(pid)) continue;
      monitors.delete(pid);
      told.delete(pid);
    }
  }

  function look(): void {
    const all = podProcesses(cgroups);
    const qemus = all.filter((process) => isQemuOf(process, machine));
    const stopping = new Set(all.filter(isStopHook).map(({ podUid }) => podUid));
    for (const { pid, podUid } of qemus) {
      const monitor = monitors.get(pid);
      if (monitor === undefined && !stopping.has(podUid)) void attach(pid);
      if (!(monitor instanceof QmpClient) || !stopping.has(podUid)) continue;
      monitor.close();
      monitors.set(pid, "closed");
    }
    forgetAllBut(new Set(qemus.map(({ pid }) => pid)));
  }

  const timer = setInterval(look, lookMs);
  look();
  return {
    spans,
    onEvent(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop() {
      clearInterval(timer);
      for (const monitor of monitors.values()) if (monitor instanceof QmpClient) monitor.close();
    },
  };
}

function isStopHook({ argv }: PodProcess): boolean {
  return argv.includes(launcherPaths.stopGuest);
}

/** Pure. The spans of two QEMUs that have a moment in common. */
export function overlapsOf(spans: readonly Span[]): [Span, Span][] {
  const endOf = ({ toMs }: Span) => toMs ?? Number.POSITIVE_INFINITY;
  return spans.flatMap((one, index) =>
    spans
      .slice(index + 1)
      .filter((other) => other.pid !== one.pid && one.fromMs < endOf(other) && other.fromMs < endOf(one))
      .map((other): [Span, Span] => [one, other]),
  );
}
