/** Writes what was measured as Markdown to bench/results/NAME.md, with the command and the machine that it was measured on. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join, resolve } from "node:path";

export type Row = Record<string, string | number>;

export interface Report {
  name: string;
  title: string;
  /** What the numbers mean. */
  text: string;
  rows: readonly Row[];
}

export function writeReport({ name, title, text, rows }: Report): void {
  const sections = [`# ${title}`, text, table(rows), `\`npm run bench ${name}\` on ${machine()}`];
  const directory = resolve(import.meta.dirname, "../results");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${name}.md`), `${sections.join("\n\n")}\n`);
  console.log(sections.slice(1).join("\n\n"));
}

export function table(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly unknown[]) => `| ${cells.join(" | ")} |`;
  const alignments = columns.map((column) => (typeof rows[0]?.[column] === "number" ? "---:" : "---"));
  return [line(columns), line(alignments), ...rows.map((row) => line(columns.map((column) => row[column])))].join("\n");
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1);
  return (low + high) / 2;
}

/** The least value that is not exceeded by this fraction of them. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] ?? Number.NaN;
}

export function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

/** Taken when the report is written: the load tells whether anything else ran. */
function machine(): string {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const [qemu = ""] = spawnSync("qemu-system-x86_64", ["--version"], { encoding: "utf8" }).stdout.split("\n");
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(", ");
  return `${cpus().length} CPUs (${model}), ${gibibytes} GiB, Linux ${release()}, Node.js ${process.version}, ${qemu}; load average at the end: ${load}.`;
}
