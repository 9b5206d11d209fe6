import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { queryProcessor } from "../../src/qemu/probe/processor.ts";

test("QEMU says what its emulated processor can, and leaves nothing behind", async () => {
  const { models, features, vendor, hostModel } = await queryProcessor("tcg");
  assert.ok(models.includes("Nehalem") && !models.includes("qemu64"), models.join());
  assert.ok(features.includes("sse4.2") && features.includes("lm"), features.join());
  assert.match(vendor, /^(GenuineIntel|AuthenticAMD)$/);
  assert.equal(hostModel, "max");
  assert.deepEqual(
    readdirSync(tmpdir()).filter((name) => name.startsWith("vmpod-processor-")),
    [],
  );
});

test("a QEMU that cannot say it is no riddle", async () => {
  await assert.rejects(queryProcessor("tcg", "/bin/false"), /\/bin\/false ended \(exit 1\)/);
  await assert.rejects(queryProcessor("tcg", "/no/qemu"), /ENOENT/);
});
