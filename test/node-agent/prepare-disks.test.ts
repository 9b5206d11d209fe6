/** The files that disks are made of, made for real: this process is as good a container as any. Needs root, which gives them to QEMU. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { exec } from "../../src/base/exec.ts";
import type { Client } from "../../src/client/client.ts";
import type { DiskSource } from "../../src/node/disks/disk-source.ts";
import { observeDisk } from "../../src/node/disks/observe-disk.ts";
import { prepareDisk } from "../../src/node/disks/prepare-disk.ts";
import { someVmi } from "../../src/node/domain/observation.fixture.ts";
import { metricsDiskBytes } from "../../src/node/downward-metrics/metrics-disk.ts";

const mebibyte = 1024 ** 2;
let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "vmpod-prepare-"));
});
after(() => rm(directory, { recursive: true }));

const at = (name: string): string => join(directory, name);

/** None of these disks asks the API for anything. */
async function prepare(source: DiskSource) {
  const context = { client: {} as Client, vmi: someVmi(), pid: process.pid, signal: AbortSignal.timeout(20_000) };
  await prepareDisk(context, { volume: "v", source });
  return (await observeDisk(process.pid, { volume: "v", source })).image;
}

test("a host disk is made when it may be, for QEMU alone", async () => {
  const source = { type: "hostDisk" as const, path: at("new.img"), hostPath: "/data/new.img" };
  const without = prepare({ ...source, capacityBytes: undefined });
  await assert.rejects(without, /volume v: there is no \/data\/new\.img on the node: use type DiskOrCreate/);
  assert.deepEqual(await prepare({ ...source, capacityBytes: 8 * mebibyte }), { format: "raw", path: source.path });
  const { size, uid, mode, blocks } = await stat(source.path);
  assert.deepEqual([size, uid, mode & 0o007, blocks], [8 * mebibyte, 107, 0, 0]);
});

test("an ephemeral disk is an overlay as large as what the claim holds, which stays as it is", async () => {
  const [base, path] = [at("disk.img"), at("overlay.qcow2")];
  const source: DiskSource = { type: "claimOverlay", path, base, device: at("no-device"), claimName: "data" };
  await assert.rejects(prepare(source), /volume v: claim data has no disk\.img/);
  await writeFile(base, "hello");
  await truncate(base, 4 * mebibyte);
  assert.deepEqual(await prepare(source), { format: "qcow2", path, backing: { format: "raw", path: base } });
  assert.match(await exec(["qemu-io", "-f", "qcow2", "-c", "read -P 0x68 0 1", path]), /read 1\/1 bytes/);
  await exec(["qemu-io", "-f", "qcow2", "-c", "write -P 0x21 0 512", path]);
  assert.equal((await readFile(base)).toString("latin1", 0, 5), "hello");
});

test("a metrics disk is told of the node from the start", async () => {
  const path = at("metrics.vhostmd");
  assert.deepEqual(await prepare({ type: "metrics", path }), { format: "raw", path });
  const disk = await readFile(path);
  assert.equal(disk.length, metricsDiskBytes);
  assert.match(disk.toString("latin1", 0, 200), /^mvbd\0{4}.{8}<metrics>/s);
});
