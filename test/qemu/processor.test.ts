import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { eventually } from "../embedded/instance.ts";
import { queryProcessor } from "../../src/qemu/probe/processor.ts";

test("QEMU says what its emulated processor can", async () => {
  const { models, features, vendor, hostModel } = await queryProcessor("tcg");
  assert.ok(models.includes("Nehalem") && !models.includes("qemu64"), models.join());
  assert.ok(features.includes("sse4.2") && features.includes("lm"), features.join());
  assert.match(vendor, /^(GenuineIntel|AuthenticAMD)$/);
  assert.equal(hostModel, "max");
});

test("a QEMU that cannot say it is no riddle", async () => {
  await assert.rejects(queryProcessor("tcg", "/bin/false"), /\/bin\/false ended \(exit 1\)/);
  await assert.rejects(queryProcessor("tcg", "/no/qemu"), /ENOENT/);
});

test("a QEMU that is being asked ends with who asked, killed or not", async () => {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-asked-"));
  const pidFile = join(directory, "pid");
  const silent = join(directory, "qemu");
  writeFileSync(silent, `#!/bin/sh\necho $$ >${pidFile}\nexec sleep 600\n`, { mode: 0o755 });
  const source = resolve(import.meta.dirname, "../../src/qemu/probe/processor.ts");
  const program = `import(${JSON.stringify(source)}).then((it) => it.queryProcessor("tcg", ${JSON.stringify(silent)}))`;
  const asker = spawn(process.execPath, ["-e", program], { stdio: "ignore" });
  const pid = await eventually("it was started", 60_000, () =>
    existsSync(pidFile) ? readFileSync(pidFile, "utf8").trim() || undefined : undefined,
  );
  assert.ok(existsSync(`/proc/${pid}`));
  asker.kill("SIGKILL");
  await eventually("it has ended", 30_000, () => (existsSync(`/proc/${pid}`) ? undefined : true));
  rmSync(directory, { recursive: true });
});
