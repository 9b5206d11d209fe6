import assert from "node:assert/strict";
import { test } from "node:test";
import { parseContext, selinuxContextOf } from "./selinux-context.ts";

test("only SELinux's names are told", () => {
  const context = "system_u:system_r:container_t:s0:c1,c2";
  assert.equal(parseContext(`${context}\0`), context);
  for (const other of ["", "unconfined\n", "containerd-default (enforce)\n"]) assert.equal(parseContext(other), "none");
});

test("a process that is gone has none", async () => {
  assert.equal(await selinuxContextOf(2 ** 22 + 1), "none");
});
