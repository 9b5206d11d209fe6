/** `npm run check`: everything that needs no root, no container and no guest. Ends with `N passed, N failed`. */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { countUnproven } from "./count-unproven.ts";
import { runTests } from "./run-tests.ts";
import { checkedDirectories } from "./test-chains.ts";

const root = resolve(import.meta.dirname, "..");
process.chdir(root);

const steps: [name: string, argv: string[]][] = [
  ["types", ["tsc", "-p", "."]],
  ["lint", ["oxlint", "--type-aware", "api", "src", "images", "test", "bench", "scripts"]],
  ["format", ["biome", "format", "."]],
  ["generated files", [process.execPath, ...process.execArgv, "scripts/generate.ts", "--check"]],
];

let failed = 0;
for (const [name, [program = "", ...args]] of steps) {
  const started = performance.now();
  const result = spawnSync(program.startsWith("/") ? program : resolve("node_modules/.bin", program), args, {
    encoding: "utf8",
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const good = result.status === 0;
  console.log(`${good ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (!good) {
    failed += 1;
    console.log(result.stdout, result.stderr);
  }
}

const tests = await runTests({
  files: globSync([
    "src/**/*.test.ts",
    "api/**/*.test.ts",
    "images/**/*.test.ts",
    ...checkedDirectories.map((directory) => `${directory}*.test.ts`),
  ]).sort(),
  concurrency: availableParallelism(),
});
const failures = failed + tests.failed + countUnproven([tests]);
console.log(`${steps.length - failed + tests.passed} passed, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
