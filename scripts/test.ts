/**
 * `npm test`: the checks, then every test against the real thing (root, containerd, QEMU, kubectl).
 *
 *   npm test [-- FILE...]           only those files
 *   npm test -- --without-cluster   all but a machine's life on a real Kubernetes, whose programs are built when the cache has none
 *   npm test -- --once              nothing a second time: what failed beside others is else run again alone (docs/decisions/0041)
 *   npm run test:cluster            everything on that Kubernetes, and only that
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { countUnproven } from "./count-unproven.ts";
import { runTests, type TestCounts, type TestResults } from "./run-tests.ts";
import { planStages, type Stage } from "./test-chains.ts";

process.chdir(resolve(import.meta.dirname, ".."));

const { values, positionals: only } = parseArgs({
  allowPositionals: true,
  options: { "without-cluster": { type: "boolean", default: false }, once: { type: "boolean", default: false } },
});
const withCluster =
  only.length === 0 ? !values["without-cluster"] : only.some((path) => /cluster\/(short|suite)\//.test(path));
const mostAgain = 3;
const counts: TestCounts[] = [];
const runs: { file: string; results: TestResults }[] = [];
if (only.length === 0) counts.push(await timed("checks", runChecks));
if (withCluster) await timed("Kubernetes' programs", buildKubernetes);
const asked: Stage = { name: "tests", chains: [only], width: 1, patience: 1 };
for (const stage of only.length === 0 ? planStages({ withCluster }) : [asked]) {
  await timed(stage.name, () => runChains(stage));
}
if (only.length === 0 && !values.once) await runAgain();
const results = runs.map((each) => each.results);
counts.push(...results, { passed: 0, failed: countUnproven(results), skipped: 0 });
const sum = (field: "passed" | "failed") => counts.reduce((total, each) => total + each[field], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") === 0 ? 0 : 1;

/** Whoever is done with a chain takes the next one. */
async function runChains({ chains, width, patience }: Stage): Promise<void> {
  process.env["VMPOD_TEST_PATIENCE"] = String(patience);
  const waiting = [...chains];
  const worker = async (): Promise<void> => {
    for (let files = waiting.shift(); files !== undefined; files = waiting.shift()) {
      for (const file of files) runs.push({ file, results: await runFile(file) });
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** A fault fails alone, too. More than a few failures are no accident of time. */
async function runAgain(): Promise<void> {
  const failed = runs.filter(({ results }) => results.failed > 0);
  if (failed.length === 0 || failed.length > mostAgain) return;
  await timed("again, alone", async () => {
    for (const run of failed) {
      const again = await runFile(run.file);
      if (again.failed > 0) continue;
      run.results = again;
      console.log(`FLAKY  ${run.file}: failed once, as is told above, and passed alone`);
    }
  });
}

function runFile(file: string): Promise<TestResults> {
  return runTests({ files: [file], concurrency: 1 });
}

async function timed<T>(stage: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work();
  console.log(`------ ${stage}: ${((performance.now() - startedMs) / 60_000).toFixed(1)} min`);
  return result;
}

/** Beforehand, so that it does not count as a test's time. What fails here fails again there. */
async function buildKubernetes(): Promise<void> {
  const child = spawn(process.execPath, [...process.execArgv, resolve("test/cluster/main.ts"), "build"], {
    stdio: "inherit",
  });
  await once(child, "exit");
}

/** Shows the checks' output as it comes; its last line has the counts. */
async function runChecks(): Promise<TestCounts> {
  const child = spawn(process.execPath, [...process.execArgv, resolve("scripts/check.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    process.stdout.write(chunk);
    output += chunk;
  }
  const [, passed = "0", failed = "1"] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? [];
  return { passed: Number(passed), failed: Number(failed), skipped: 0 };
}
