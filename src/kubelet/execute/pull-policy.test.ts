import assert from "node:assert/strict";
import { test } from "node:test";
import { pullPolicy } from "./pull-policy.ts";

test("a tag that moves is pulled always", () => {
  assert.equal(pullPolicy("busybox", undefined), "Always");
  assert.equal(pullPolicy("host:5000/busybox", undefined), "Always");
  assert.equal(pullPolicy("busybox:latest", undefined), "Always");
  assert.equal(pullPolicy("busybox:1.36", undefined), "IfNotPresent");
  assert.equal(pullPolicy("busybox@sha256:0", undefined), "IfNotPresent");
  assert.equal(pullPolicy("busybox", "Never"), "Never");
});
