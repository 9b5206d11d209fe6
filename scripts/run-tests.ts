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

export async function runTests({ globs, concurrency, timeoutMs = 15 * 60_000 }: TestRun): Promise<TestCounts> {
  const files = globs.flatMap((glob) => globSync(glob)).sort();
  const counts: TestCounts = { passed: 0, failed: 0, skipped: 0 };
  if (files.length === 0) return counts;
  const perFile = new Map<string, { passed: number; failed: number; ms: number }>();
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
  return counts;

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
    const row = perFile.get(file) ?? { passed: 0, failed: 0, ms: 0 };
    perFile.set(file, row);
    if (result.nesting === 0) row.ms += result.details.duration_ms;
    // A suite fails when a test in it does; that test is counted already.
    if (result.details.type === "suite" && (good || isSubtestFailure(result.details.error))) return;
    if (result.skip) counts.skipped += 1;
    else if (good) {
      counts.passed += 1;
      row.passed += 1;
    } else {
      counts.failed += 1;
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
