import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { parseImageHeader, readImageHeader } from "./image-header.ts";

const magic = Buffer.from([0x51, 0x46, 0x49, 0xfb]);

test("any bytes are an image of some size, and only the magic number makes it a qcow2", () => {
  const begins = fc.tuple(fc.constantFrom(magic, Buffer.alloc(0)), fc.uint8Array({ maxLength: 40 }));
  fc.assert(
    fc.property(begins, fc.nat(), (parts, fileBytes) => {
      const header = Buffer.concat(parts).subarray(0, 32);
      const { format, virtualBytes } = parseImageHeader(header, fileBytes);
      assert.equal(format, header.length === 32 && header.subarray(0, 4).equals(magic) ? "qcow2" : "raw");
      assert.ok(virtualBytes >= 0);
    }),
  );
});

test("a link, a pipe and a directory are refused, and none of them keeps the reader waiting", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-header-"));
  t.after(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, "disk.img"), Buffer.alloc(512));
  await symlink("disk.img", join(directory, "link.img"));
  execFileSync("mkfifo", [join(directory, "pipe.img")]);
  assert.deepEqual(await readImageHeader(join(directory, "disk.img")), { format: "raw", virtualBytes: 512 });
  await assert.rejects(readImageHeader(join(directory, "link.img")), { code: "ELOOP" });
  await assert.rejects(readImageHeader(join(directory, "pipe.img")), /pipe.img is not a regular file/);
  await assert.rejects(readImageHeader(directory), /is not a regular file/);
});
