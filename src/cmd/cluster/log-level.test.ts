import assert from "node:assert/strict";
import { test } from "node:test";
import { takeLogLevel } from "./log-level.ts";

const table: [argv: string[], rest: string[], level: string | undefined][] = [
  [["--port", "1"], ["--port", "1"], undefined],
  [["--log-level", "debug", "--port", "1"], ["--port", "1"], "debug"],
  [["--port", "1", "--log-level=warn"], ["--port", "1"], "warn"],
];

for (const [argv, rest, level] of table) {
  test(`arguments: ${argv.join(" ")}`, () => {
    const env: NodeJS.ProcessEnv = {};
    assert.deepEqual(takeLogLevel(argv, env), rest);
    assert.equal(env["VMPOD_LOG"], level);
  });
}

test("a level that is none is refused", () => {
  assert.throws(() => takeLogLevel(["--log-level", "loud"], {}), /--log-level loud: must be one of fatal, error/);
  assert.throws(() => takeLogLevel(["--log-level"], {}), /must be one of/);
});
