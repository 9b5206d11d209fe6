/** Runs test files with Node's own runner and counts: one line per file, details only for failures. */
import { globSync } from "node:fs";
import { relative } from "node:path";
import { run } from "node:test";

export interface TestRun {
  globs: string[];
  /** Test files at once; 1 for tests that share the machine's network, cgroups and mounts. */
  concurrency: number;
  timeoutMs?: number;
}

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * A file with a failure is run once more, alone: a machine that others load too may miss a deadline. What needed the
 * second attempt is named at the end, and only its outcome counts.
 */
export async function runTests({ globs, concurrency, timeoutMs = 15 * 60_000 }: TestRun): Promise<TestCounts> {
  const files = globs.flatMap((glob) => globSync(glob)).sort();
  const first = await runFiles(files, concurrency, timeoutMs);
  const failing = files.filter((file) => (first.get(file)?.failed ?? 0) > 0);
  const second = await runFiles(failing, 1, timeoutMs);
  for (const file of failing)
    if (second.get(file)?.failed === 0) console.log(`UNSTABLE ${file}: passed only at the second attempt`);
  return total([...new Map([...first, ...second]).values()]);
}

interface FileCounts extends TestCounts {
  ms: number;
}

function total(all: FileCounts[]): TestCounts {
  const sum = (field: keyof TestCounts) => all.reduce((amount, each) => amount + each[field], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

async function runFiles(files: string[], concurrency: number, timeoutMs: number): Promise<Map<string, FileCounts>> {
  const perFile = new Map<string, FileCounts>();
  if (files.length === 0) return perFile;
  /** By file; shown when a test in it failed. */
  const stderr = new Map<string, string>();
  const stream = run({ files, concurrency, timeout: timeoutMs, execArgv: ["--disable-warning=ExperimentalWarning"] });

  for await (const event of stream) {
    if (event.type === "test:pass" || event.type === "test:fail") count(event.type === "test:pass", event.data);
    if (event.type === "test:stderr") keepStderr(relative(process.cwd(), event.data.file), event.data.message);
  }
  for (const [file, { failed }] of perFile) if (failed > 0) process.stderr.write(stderr.get(file) ?? "");
  for (const [file, { passed, failed, ms }] of [...perFile].sort(([a], [b]) => a.localeCompare(b)))
    console.log(
      `${failed ? "FAILED" : "ok    "} ${file}: ${passed} passed, ${failed} failed (${(ms / 1000).toFixed(1)} s)`,
    );
  return perFile;

  function keepStderr(file: string, message: string): void {
    if (process.env["VMPOD_TEST_OUTPUT"]) process.stderr.write(message);
    else stderr.set(file, (stderr.get(file) ?? "") + message);
  }

  type Result = {
    name: string;
    file?: string;
    nesting: number;
    skip?: string | boolean;
    details: { type?: string | undefined; duration_ms: number; error?: Error };
  };

  function count(good: boolean, result: Result): void {
    const file = relative(process.cwd(), result.file ?? result.name);
    const row = perFile.get(file) ?? { passed: 0, failed: 0, skipped: 0, ms: 0 };
    perFile.set(file, row);
    if (result.nesting === 0) row.ms += result.details.duration_ms;
    // A suite fails when a test in it does; that test is counted already.
    if (result.details.type === "suite" && (good || isSubtestFailure(result.details.error))) return;
    if (result.skip) row.skipped += 1;
    else if (good) row.passed += 1;
    else {
      row.failed += 1;
      console.log(`FAILED ${file} > ${result.name}
${indent(describe(result.details.error))}`);
    }
  }
}

function isSubtestFailure(error: Error | undefined): boolean {
  return (error as { failureType?: string } | undefined)?.failureType === "subtestsFailed";
}

/** The runner wraps what a test threw; that is the interesting part. */
function describe(error: Error | undefined): string {
  const thrown = error?.cause instanceof Error ? error.cause : error;
  return thrown?.stack ?? thrown?.message ?? "failed without an error";
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "    ");
}
