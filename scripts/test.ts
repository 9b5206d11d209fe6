/** `npm test`: the checks, then every test against the real thing (root, containerd, QEMU, kubectl), one file at a time. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { runTests } from "./run-tests.ts";

process.chdir(resolve(import.meta.dirname, ".."));

const only = process.argv.slice(2);
const checks = only.length === 0 ? runChecks() : { passed: 0, failed: 0 };
const real = await runTests({ globs: only.length === 0 ? ["test/*/*.test.ts"] : only, concurrency: 1 });
console.log(`${checks.passed + real.passed} passed, ${checks.failed + real.failed} failed`);
process.exitCode = checks.failed + real.failed === 0 ? 0 : 1;

function runChecks(): { passed: number; failed: number } {
  const result = spawnSync(process.execPath, [resolve("scripts/check.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  process.stdout.write(result.stdout);
  const [, passed = "0", failed = "1"] = /(\d+) passed, (\d+) failed\s*$/.exec(result.stdout) ?? [];
  return { passed: Number(passed), failed: Number(failed) };
}
