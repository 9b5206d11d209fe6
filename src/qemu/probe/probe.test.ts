import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { payloadExitCode } from "./payload.ts";
import { probeKvm } from "./probe.ts";

const directory = await mkdtemp(join(tmpdir(), "vmpod-probe-test-"));
after(() => rm(directory, { recursive: true }));

/** In QEMU's place a program whose guest does this under KVM, and that when it is emulated. */
async function probe(underKvm: string, emulated: string) {
  const program = join(directory, "qemu");
  const kvmDevice = join(directory, "kvm");
  const script = `case "$*" in *"-accel kvm"*) ${underKvm} ;; *) ${emulated} ;; esac`;
  await writeFile(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await writeFile(kvmDevice, "");
  return probeKvm({ program, kvmDevice });
}

const endsAfter = (seconds: number): string => `sleep ${seconds}; exit ${payloadExitCode}`;
const hangs = "exec sleep 600";

test("KVM is usable also on a machine that is too busy for anything to be done in a second", async () => {
  assert.equal((await probe(endsAfter(1.5), endsAfter(1.2))).usable, true);
});

test("KVM that hangs is found out a second later", async () => {
  const { usable, reason, durationMs } = await probe(hangs, endsAfter(0.1));
  assert.equal(usable, false);
  assert.match(reason, /did not come to its end within \d+ ms$/);
  assert.ok(durationMs >= 900 && durationMs < 10_000, `${durationMs} ms`);
});

test("KVM counts as hanging when the same guest ended long ago without it", async () => {
  const { usable, durationMs } = await probe(hangs, endsAfter(1.2));
  assert.equal(usable, false);
  assert.ok(durationMs >= 2_000, `${durationMs} ms`);
});
