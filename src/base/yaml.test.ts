import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { toYaml } from "./yaml.ts";

test("texts are texts to readers old and new", () => {
  const texts = {
    a: "yes",
    b: "on",
    c: "n",
    d: "012",
    e: "1e3",
    f: "~",
    g: "2026-11-27",
    h: "1:30",
    i: "plain",
    on: "x",
  };
  for (const version of ["1.1", "1.2"] as const) assert.deepEqual(parse(toYaml(texts), { version }), texts);
});

test("nothing is folded, and what is there twice is written twice", () => {
  const line = "word ".repeat(60).trim();
  const twice = { line };
  assert.equal(toYaml({ one: twice, two: twice }), `one:\n  line: ${line}\ntwo:\n  line: ${line}\n`);
});
