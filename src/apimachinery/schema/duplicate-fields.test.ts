import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { duplicateFields } from "./duplicate-fields.ts";

test("names the fields that are given twice, by their path", () => {
  const text = `{"spec": {"containers": [{"a": 1}, {"image": "x:y,{", "im\\u0061ge": "z"}], "x": {"y": [1, [2, {"q": 1, "q": 2}]]}},
    "metadata": {"labels": {"a\\"b": "1", "a\\"b": "2"}}, "spec": 1}`;
  assert.deepEqual(duplicateFields(text), [
    "spec.containers[1].image",
    "spec.x.y[1][1].q",
    'metadata.labels.a"b',
    "spec",
  ]);
});

test("finds none in what JSON.stringify wrote", () => {
  fc.assert(fc.property(fc.json(), (text) => assert.deepEqual(duplicateFields(text), [])));
});
