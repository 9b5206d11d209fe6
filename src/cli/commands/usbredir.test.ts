import assert from "node:assert/strict";
import { test } from "node:test";
import { readWords } from "./usbredir.ts";

test("which device, and to which machine", () => {
  const launch = { launch: true };
  assert.deepEqual(readWords("0951:1666", "legacy", launch), { device: "0951:1666", vmi: "legacy" });
  assert.deepEqual(readWords("1-4", "legacy", launch), { device: "1-4", vmi: "legacy" });
  assert.deepEqual(readWords("legacy", undefined, { launch: false }), { device: undefined, vmi: "legacy" });
  assert.throws(() => readWords("legacy", undefined, launch), /which device/);
  assert.throws(() => readWords("stick", "legacy", launch), /neither vendor:product nor bus-device/);
});
