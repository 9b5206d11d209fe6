import assert from "node:assert/strict";
import { test } from "node:test";
import { loginsFor, loginsIn } from "./logins.ts";

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

test("an entry that docker left empty, because a program keeps the login, is none", () => {
  assert.deepEqual(loginsIn({ auths: { "quay.io": {} } }, "quay.io"), []);
  assert.equal(loginsIn({ auths: { "quay.io": { identitytoken: "t" } } }, "quay.io")[0]?.identityToken, "t");
});
