import assert from "node:assert/strict";
import { test } from "node:test";
import { foreignReference, parseImageInfo } from "./qemu-img.ts";

test("reads what qemu-img says", () => {
  const info = parseImageInfo(
    '{"virtual-size": 1048576, "format": "qcow2", "actual-size": 4096, "backing-filename": "b.raw", "full-backing-filename": "/x/b.raw", "backing-filename-format": "raw"}',
  );
  assert.deepEqual(info, {
    format: "qcow2",
    virtualSizeBytes: 1048576,
    actualSizeBytes: 4096,
    backingFile: "/x/b.raw",
    backingFormat: "raw",
    encrypted: false,
  });
});

test("an image that points to other files says where", () => {
  const plain = { format: "qcow2", virtualSizeBytes: 1, actualSizeBytes: 1, encrypted: false };
  assert.equal(foreignReference(plain), undefined);
  assert.match(foreignReference({ ...plain, backingFile: "/etc/shadow" }) ?? "", /\/etc\/shadow/);
  assert.match(foreignReference({ ...plain, dataFile: "/dev/sda" }) ?? "", /\/dev\/sda/);
});
