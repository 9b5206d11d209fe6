/** `npm test`: the checks, then every test against the real thing (root, containerd, QEMU, kubectl), one file at a time. */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { runTests } from "./run-tests.ts";

process.chdir(resolve(import.meta.dirname, ".."));

const only = process.argv.slice(2);
const checks = only.length === 0 ? await runChecks() : { passed: 0, failed: 0 };
const real = await runTests({ globs: only.length === 0 ? ["test/*/*.test.ts"] : only, concurrency: 1 });
console.log(`${checks.passed + real.passed} passed, ${checks.failed + real.failed} failed`);
process.exitCode = checks.failed + real.failed === 0 ? 0 : 1;

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
