import assert from "node:assert/strict";
import { test } from "node:test";
import { pullPolicy } from "./pull-policy.ts";
import { loginsFor } from "./registry-logins.ts";

const auth = Buffer.from("me:pass:word").toString("base64");
const secret = {
  ".dockerconfigjson": JSON.stringify({
    auths: { "https://index.docker.io/v1/": { auth }, "registry.example.org:5000": { username: "you", password: "p" } },
  }),
};

test("a login is offered only to its own registry", () => {
  const users = (image: string) => loginsFor(image, secret).map(({ username, password }) => `${username}/${password}`);
  assert.deepEqual(users("busybox"), ["me/pass:word"]);
  assert.deepEqual(users("library/busybox:1"), ["me/pass:word"]);
  assert.deepEqual(users("registry.example.org:5000/a/b"), ["you/p"]);
  assert.deepEqual(users("registry.example.org/a/b"), []);
  assert.deepEqual(loginsFor("a", { ".dockercfg": JSON.stringify({ "docker.io": { auth } }) }).length, 1);
});

test("a tag that moves is pulled always", () => {
  assert.equal(pullPolicy("busybox", undefined), "Always");
  assert.equal(pullPolicy("host:5000/busybox", undefined), "Always");
  assert.equal(pullPolicy("busybox:latest", undefined), "Always");
  assert.equal(pullPolicy("busybox:1.36", undefined), "IfNotPresent");
  assert.equal(pullPolicy("busybox@sha256:0", undefined), "IfNotPresent");
  assert.equal(pullPolicy("busybox", "Never"), "Never");
});
