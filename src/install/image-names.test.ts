import assert from "node:assert/strict";
import { test } from "node:test";
import { imageReference, parseReference, parseRegistry, parseTag } from "./image-names.ts";

test("a registry is a host and a path", () => {
  assert.deepEqual(parseRegistry("localhost/vmpod"), { host: "localhost", prefix: "vmpod/" });
  assert.deepEqual(parseRegistry("r.example.org:5000"), { host: "r.example.org:5000", prefix: "" });
  assert.deepEqual(parseRegistry("r.example.org/a/b-c/"), { host: "r.example.org", prefix: "a/b-c/" });
  assert.equal(imageReference("r.example.org/a", "launcher", "v1"), "r.example.org/a/launcher:v1");
});

test("what is no registry, tag or reference is refused with an example or the rule", () => {
  assert.throws(() => parseRegistry("someuser/vmpod"), /must begin with a host, e\.g\. registry\.example\.org/);
  assert.throws(() => parseRegistry("https://r.example.org"), /must begin with a host/);
  assert.throws(() => parseRegistry("r.example.org/Vmpod"), /"Vmpod" must be lower-case/);
  assert.throws(() => parseTag("a b"), /tag "a b"/);
  assert.throws(() => parseReference("vmpod"), /must be HOST\/NAME:TAG/);
  assert.equal(parseReference("localhost/vmpod/vmpod:82f49b16879e"), "localhost/vmpod/vmpod:82f49b16879e");
});
