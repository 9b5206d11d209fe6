import assert from "node:assert/strict";
import { test } from "node:test";
import { compareVersions } from "./groups.ts";

test("stable versions come before beta ones, newer before older", () => {
  const versions = ["v1beta1", "v10", "v1alpha1", "v2", "foo", "v1", "v1beta2"];
  assert.deepEqual(
    versions.toSorted((a, b) => compareVersions(b, a)),
    ["v10", "v2", "v1", "v1beta2", "v1beta1", "v1alpha1", "foo"],
  );
});
