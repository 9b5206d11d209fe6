/** Files where QEMU would find them: this process is as good a container as any. */
import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { DiskSource } from "./disk-source.ts";
import { observeDisk } from "./observe-disk.ts";

let directory = "";
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "vmpod-observe-"));
});
after(() => rm(directory, { recursive: true }));

const observe = (source: DiskSource) => observeDisk(process.pid, { volume: "v", source });
const hostDisk = (name: string): DiskSource => ({
  type: "hostDisk",
  path: join(directory, name),
  hostPath: `/data/${name}`,
  capacityBytes: undefined,
});

test("a file of the node is used when it is QEMU's to use, and stays whose it is", async () => {
  assert.equal((await observe(hostDisk("none.img"))).image, undefined);
  const path = join(directory, "own.img");
  await writeFile(path, "");
  await chmod(path, 0o600);
  await assert.rejects(observe(hostDisk("own.img")), /volume v: \/data\/own\.img belongs to user \d+: chown it to 107/);
  await chmod(path, 0o666);
  assert.deepEqual((await observe(hostDisk("own.img"))).image, { format: "raw", path });
  await symlink(path, join(directory, "link.img"));
  await assert.rejects(observe(hostDisk("link.img")), /symbolic link/);
});

test("an overlay lies on what its claim holds", async () => {
  const [path, base] = [join(directory, "overlay.qcow2"), join(directory, "disk.img")];
  const source: DiskSource = { type: "claimOverlay", path, base, device: join(directory, "no-device"), claimName: "c" };
  await writeFile(base, "");
  assert.equal((await observe(source)).image, undefined);
  await writeFile(path, "");
  assert.deepEqual((await observe(source)).image, { format: "qcow2", path, backing: { format: "raw", path: base } });
});

test("a disk has the blocks of the file system that it is on, where it is to", async () => {
  const path = join(directory, "blocks.qcow2");
  await writeFile(path, "");
  const source: DiskSource = { type: "emptyDisk", path, capacityBytes: 1 };
  assert.equal((await observe(source)).blockSize, undefined);
  const { blockSize } = await observeDisk(process.pid, { volume: "v", source, matchBlockSize: true });
  assert.ok(
    blockSize && blockSize.logical >= 512 && blockSize.logical === blockSize.physical,
    JSON.stringify(blockSize),
  );
});
