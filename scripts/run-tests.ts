/** Runs test files with Node's own runner and counts: one line per file, details only for failures. */
import { relative } from "node:path";
import { run } from "node:test";
import { longestTimerMs } from "../src/base/longest-timer.ts";
import type { TestName } from "../test/features/feature.ts";

export interface TestRun {
  files: string[];
  /** Test files at once. */
  concurrency: number;
  /** For each test. */
  timeoutMs?: number;
}

/** A test that hangs has failed after its time, but what it still waits for can keep its file from ever ending, and with it all others. */
const longestFileMs = 45 * 60_000;

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

export interface TestResults extends TestCounts {
  files: ReadonlySet<string>;
  passes: readonly TestName[];
}

/** Prints a file's line when the file has ended, so that a long run shows where it is. */
export async function runTests({ files, concurrency, timeoutMs = 15 * 60_000 }: TestRun): Promise<TestResults> {
  const perFile = new Map<string, FileCounts>();
  const passes: TestName[] = [];
  /** By file; shown when a test in it failed. */
  const stderr = new Map<string, string>();
  const signal = AbortSignal.timeout(Math.min(files.length * longestFileMs, longestTimerMs));
  const stream = run({
    files,
    concurrency,
    timeout: timeoutMs,
    signal,
  });

  for await (const event of stream) {
    if (event.type === "test:pass" || event.type === "test:fail") count(event.type === "test:pass", event.data);
    if (event.type === "test:stderr") keepStderr(relative(process.cwd(), event.data.file), event.data.message);
    if (event.type === "test:summary" && event.data.file) show(relative(process.cwd(), event.data.file));
  }
  // A file whose process died has no summary.
  for (const [file, { shown }] of perFile) if (!shown) show(file);
  return { ...total([...perFile.values()]), files: new Set(perFile.keys()), passes };

  function show(file: string): void {
    const counts = perFile.get(file);
    if (counts === undefined) return;
    counts.shown = true;
    const { passed, failed, ms } = counts;
    if (failed > 0) process.stderr.write(stderr.get(file) ?? "");
    const seconds = (ms / 1000).toFixed(1);
    console.log(`${failed ? "FAILED" : "ok    "} ${file}: ${passed} passed, ${failed} failed (${seconds} s)`);
  }

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
    const row = perFile.get(file) ?? { passed: 0, failed: 0, skipped: 0, ms: 0, shown: false };
    perFile.set(file, row);
    if (result.nesting === 0) row.ms += result.details.duration_ms;
    // A suite fails when a test in it does; that test is counted already.
    if (result.details.type === "suite" && (good || isSubtestFailure(result.details.error))) return;
    if (result.skip) row.skipped += 1;
    else if (good) {
      row.passed += 1;
      passes.push({ file, name: result.name });
    } else {
      row.failed += 1;
      console.log(`FAILED ${file} > ${result.name}
${indent(describe(result.details.error))}`);
    }
  }
}

interface FileCounts extends TestCounts {
  ms: number;
  shown: boolean;
}

function total(all: TestCounts[]): TestCounts {
  const sum = (field: keyof TestCounts) => all.reduce((amount, each) => amount + each[field], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
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
