import assert from "node:assert/strict";
import { test } from "node:test";
import { isStatic } from "./cpu-manager.ts";

test("only the policy static gives processors to one container alone", () => {
  assert.equal(isStatic('{"policyName":"static","defaultCpuSet":"0","checksum":1}'), true);
  for (const other of ['{"policyName":"none"}', "", "{", "null", "3", '"static"'])
    assert.equal(isStatic(other), false, other);
});
