/** What is measured of migrations, and how it becomes a table. Pure. */
import { median, quantile, type Row, rounded } from "./report.ts";

export interface Move {
  /** As the source's QEMU counts it; undefined when it was gone before it could be asked. */
  downtimeMs: number | undefined;
  /** From STOP at the source until RESUME at the target. */
  standstillMs: number;
  /** The longest time without an answer to a pinger. */
  gapMs: number;
  /** From the request until it has ended. */
  totalMs: number;
  /** Writes that are not as they were made. */
  losses: number;
  rebooted: boolean;
}

const measures: [what: string, valueOf: (move: Move) => number | undefined][] = [
  ["downtime by QEMU's count (query-migrate), ms", ({ downtimeMs }) => downtimeMs],
  ["STOP at the source -> RESUME at the target, ms", ({ standstillMs }) => standstillMs],
  ["longest gap between two answers to the pinger, ms", ({ gapMs }) => gapMs],
  ["request -> migration ended, s", ({ totalMs }) => totalMs / 1000],
];

export interface Contest {
  ours: readonly Move[];
  bare: readonly Move[];
}

export function rowsOf(contest: Contest): Row[] {
  return measures.map(([what, valueOf]) => {
    const [ours, bare] = [valuesOf(contest.ours, valueOf), valuesOf(contest.bare, valueOf)];
    const ratio = rounded(median(ours) / median(bare), 2);
    return { what, ...columns("vmpod", ours), ...columns("bare", bare), "ratio of medians": ratio };
  });
}

function valuesOf(moves: readonly Move[], valueOf: (move: Move) => number | undefined): number[] {
  return moves.flatMap((move) => valueOf(move) ?? []);
}

function columns(who: string, values: readonly number[]): Row {
  return {
    [`${who}: moves`]: values.length,
    [`${who}: median`]: rounded(median(values)),
    [`${who}: p95`]: rounded(quantile(values, 0.95)),
    [`${who}: max`]: rounded(Math.max(...values)),
  };
}

export const lossesIn = (moves: readonly Move[]): number => moves.reduce((sum, { losses }) => sum + losses, 0);
export const rebootsIn = (moves: readonly Move[]): number => moves.filter(({ rebooted }) => rebooted).length;
