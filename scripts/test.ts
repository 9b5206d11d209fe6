/**
 * `npm test`: the checks, then every test against the real thing (root, containerd, QEMU, kubectl), one file at a time.
 *
 *   npm test [-- FILE...]        only those files
 *   npm test -- --with-cluster   those on a real Kubernetes, too; its programs are built when the cache has none
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { runTests } from "./run-tests.ts";

process.chdir(resolve(import.meta.dirname, ".."));

const { values, positionals: only } = parseArgs({
  allowPositionals: true,
  options: { "with-cluster": { type: "boolean", default: false } },
});
const clusterSuite = "test/cluster/suite/*.test.ts";
const every = ["test/*/*.test.ts", ...(values["with-cluster"] ? [clusterSuite] : [])];
const checks = only.length === 0 ? await runChecks() : { passed: 0, failed: 0 };
if (values["with-cluster"] || only.some((path) => path.includes("cluster/suite"))) await buildKubernetes();
const real = await runTests({ globs: only.length === 0 ? every : only, concurrency: 1 });
console.log(`${checks.passed + real.passed} passed, ${checks.failed + real.failed} failed`);
process.exitCode = checks.failed + real.failed === 0 ? 0 : 1;

/** Beforehand, so that it does not count as a test's time. What fails here fails again there. */
async function buildKubernetes(): Promise<void> {
  const child = spawn(process.execPath, [resolve("test/cluster/main.ts"), "build"], { stdio: "inherit" });
  await once(child, "exit");
}

/** Shows the checks' output as it comes; its last line has the counts. */
async function runChecks(): Promise<{ passed: number; failed: number }> {
  const child = spawn(process.execPath, [resolve("scripts/check.ts")], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    process.stdout.write(chunk);
    output += chunk;
  }
  const [, passed = "0", failed = "1"] = /(\d+) passed, (\d+) failed\s*$/.exec(output) ?? [];
  return { passed: Number(passed), failed: Number(failed) };
}
