/** The launcher image's copier in the root of another image that has nothing else, as the kubelet would run it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { cacheDir } from "../fixtures/cache.ts";
import { unpackImage } from "../fixtures/unpack-image.ts";
import { buildImages } from "../../images/build-images.ts";

const mebibyte = 1024 ** 2;
const directory = mkdtempSync(join(tmpdir(), "vmpod-copier-"));
const launcher = join(directory, "launcher");
/** Root of the disk's image: the disk, and where the pod's volumes are mounted. */
const root = join(directory, "image");

before(async () => {
  const [image] = await buildImages({ cacheDir, only: ["launcher"] });
  await unpackImage(image?.tarPath ?? "", launcher);
  mkdirSync(join(launcher, "run/vmpod"), { recursive: true });
  chmodSync(join(launcher, "run/vmpod"), 0o777);
  for (const each of ["disk", "run", "target"]) mkdirSync(join(root, each), { recursive: true });
  chmodSync(join(root, "target"), 0o777);
  chmodSync(directory, 0o755);
});
after(() => rmSync(directory, { recursive: true }));

/** With what a runtime gives every container, for as long as the command runs. */
const asContainer = [
  'for each in proc dev; do mkdir -p "$0/$each" && mount --bind "/$each" "$0/$each"; done',
  'exec chroot --userspec=107:107 "$0" "$@"',
].join("; ");

function inRoot(path: string, ...argv: string[]) {
  const result = spawnSync("unshare", ["--mount", "sh", "-c", asContainer, path, ...argv], { encoding: "utf8" });
  return { status: result.status, output: result.stdout + result.stderr };
}

/** As the first init container does, and the volume is then there in the second. */
function provide(): void {
  const result = inRoot(launcher, "cp", "-RL", "/usr/libexec/vmpod/copier/.", "/run/vmpod/copier");
  assert.deepEqual(result, { status: 0, output: "" });
  rmSync(join(root, "run/vmpod"), { recursive: true, force: true });
  spawnSync("cp", ["-a", join(launcher, "run/vmpod"), join(root, "run/vmpod")]);
}

function copy(source: string) {
  const tools = "/run/vmpod/copier";
  const shell = [`${tools}/ld.so`, "--library-path", tools, `${tools}/busybox`, "sh"];
  return inRoot(root, ...shell, `${tools}/copy-disk`, source, "/target");
}

test("it copies disks as they are, and leaves out what is empty", () => {
  provide();
  provide();
  const disk = openSync(join(root, "disk/guest.img"), "w", 0o440);
  writeSync(disk, "boot sector");
  writeSync(disk, Buffer.alloc(mebibyte), 0, mebibyte, 4 * mebibyte);
  writeSync(disk, Buffer.alloc(4 * mebibyte), 0, 4 * mebibyte, 8 * mebibyte);
  writeSync(disk, "end", 16 * mebibyte);
  closeSync(disk);
  chmodSync(join(root, "disk/guest.img"), 0o444);
  symlinkSync("/etc/shadow", join(root, "disk/link"));
  chmodSync(join(root, "disk"), 0o555);
  for (const _attempt of [1, 2]) {
    assert.deepEqual(copy("/disk"), { status: 0, output: "" });
    const copied = statSync(join(root, "target/disk/guest.img"));
    assert.deepEqual([copied.uid, copied.mode & 0o777], [107, 0o444]);
    assert.ok(copied.blocks * 512 < 2 * mebibyte, `${copied.blocks} blocks`);
    assert.ok(readFileSync(join(root, "target/disk/guest.img")).equals(readFileSync(join(root, "disk/guest.img"))));
    assert.ok(lstatSync(join(root, "target/disk/link")).isSymbolicLink());
    assert.equal(readlinkSync(join(root, "target/disk/link")), "/etc/shadow");
  }
});

test("one file alone, at its path", () => {
  mkdirSync(join(root, "iso/deep"), { recursive: true });
  writeFileSync(join(root, "iso/deep/tools.iso"), "tools");
  assert.deepEqual(copy("/iso/deep/tools.iso"), { status: 0, output: "" });
  assert.equal(readFileSync(join(root, "target/iso/deep/tools.iso"), "utf8"), "tools");
  assert.deepEqual(readdirSync(join(root, "target")), ["iso"]);
});

test("an image without a disk is no failure here; one that cannot be read is", () => {
  assert.deepEqual(copy("/nothing"), { status: 0, output: "" });
  writeFileSync(join(root, "secret"), "x", { mode: 0o600 });
  const { status, output } = copy("/secret");
  assert.equal(status, 1);
  assert.match(output, /cannot open '\/secret' for reading: Permission denied/);
});
