import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultUpdateStrategy, readUpdateStrategy } from "./workload-update.ts";

const read = (workloadUpdateStrategy?: object) =>
  readUpdateStrategy({ spec: { ...(workloadUpdateStrategy && { workloadUpdateStrategy }) } });

test("without a word machines stay as they are", () => {
  assert.deepEqual(read(), { strategy: defaultUpdateStrategy, problems: [] });
  assert.deepEqual(read().strategy.methods, []);
});

test("migrating is tried before evicting, however they are written", () => {
  const { strategy } = read({
    workloadUpdateMethods: ["Evict", "LiveMigrate"],
    batchEvictionSize: 3,
    batchEvictionInterval: "1m30s",
  });
  assert.deepEqual(strategy, {
    methods: ["LiveMigrate", "Evict"],
    batchEvictionSize: 3,
    batchEvictionIntervalMs: 90_000,
  });
});

test("what cannot be honoured is named", () => {
  const { strategy, problems } = read({
    workloadUpdateMethods: ["Restart"],
    batchEvictionSize: 0,
    batchEvictionInterval: "soon",
  });
  assert.deepEqual(strategy, defaultUpdateStrategy);
  assert.deepEqual(
    problems.map((problem) => problem.replace(/ is not honoured.*/, "")),
    [
      'spec.workloadUpdateStrategy.workloadUpdateMethods "Restart"',
      "spec.workloadUpdateStrategy.batchEvictionSize 0",
      'spec.workloadUpdateStrategy.batchEvictionInterval "soon"',
    ],
  );
});
