import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createLogger, levelOfVerbosity, setLogLevel, setLogVerbosity } from "./log.ts";

after(() => {
  setLogVerbosity(undefined);
  setLogLevel("info");
});

test("verbosity counts before the level, for loggers there are and loggers to come, until it is taken back", () => {
  setLogLevel("error");
  const logger = createLogger("before");
  setLogVerbosity(4);
  assert.deepEqual([logger.level, createLogger("after").level], ["debug", "debug"]);
  setLogVerbosity(undefined);
  assert.equal(logger.level, "error");
  assert.throws(() => setLogLevel("loud"), /use trace, debug/);
});

test("verbosity is Kubernetes' count", () => {
  const levels = [0, 1, 2, 3, 5, 6, 9].map(levelOfVerbosity);
  assert.deepEqual(levels, ["warn", "warn", "info", "debug", "debug", "trace", "trace"]);
});
