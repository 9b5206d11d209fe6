import assert from "node:assert/strict";
import { test } from "node:test";
import { parseChallenge, tokenRequest } from "./challenge.ts";

const bearer =
  'Bearer realm="https://auth.example.org/token",service="registry.example.org",scope="repository:a/b:pull,push"';

test("a challenge is a scheme and parameters, quoted or not", () => {
  assert.deepEqual(parseChallenge('Basic realm="a, b"'), { scheme: "basic", parameters: { realm: "a, b" } });
  assert.deepEqual(parseChallenge("BEARER Realm=x, service=y"), {
    scheme: "bearer",
    parameters: { realm: "x", service: "y" },
  });
  assert.equal(parseChallenge(bearer).parameters["scope"], "repository:a/b:pull,push");
  assert.deepEqual(parseChallenge(null), { scheme: "", parameters: {} });
});

test("a token is asked for with the login, for what the registry named", () => {
  const request = tokenRequest(parseChallenge(bearer), { username: "me", password: "pass:word", identityToken: "" });
  assert.equal(request.method, "GET");
  assert.equal(new URL(request.url).searchParams.get("service"), "registry.example.org");
  assert.equal(new URL(request.url).searchParams.get("scope"), "repository:a/b:pull,push");
  assert.equal(request.headers.get("authorization"), `Basic ${Buffer.from("me:pass:word").toString("base64")}`);
  assert.equal(tokenRequest(parseChallenge(bearer), undefined).headers.get("authorization"), null);
});

test("an identity token is traded in a body, never in an address", async () => {
  const login = { username: "", password: "", identityToken: "secret" };
  const request = tokenRequest(parseChallenge(bearer), login);
  assert.equal(request.method, "POST");
  assert.ok(!request.url.includes("secret"));
  const body = new URLSearchParams(await request.text());
  assert.equal(body.get("refresh_token"), "secret");
  assert.equal(body.get("grant_type"), "refresh_token");
});
