import assert from "node:assert/strict";
import { test } from "node:test";
import { packageFor, packageOf, splitPackage } from "./architecture.ts";

for (const architecture of ["amd64", "i386", "arm64"] as const) {
  for (const release of ["bookworm", "trixie"] as const) {
    test(`a package's name tells that it is for ${architecture}, of ${release}`, () => {
      const name = packageOf(release, packageFor(architecture, "libglib2.0-0"));
      assert.deepEqual(splitPackage(name), { name: "libglib2.0-0", architecture, release });
    });
  }
}
