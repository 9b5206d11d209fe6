import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { compileJsonPath } from "./json-path.ts";

const object = {
  spec: {
    size: 3,
    "a.b": "dotted",
    list: [
      { name: "x", n: 1 },
      { name: "y", n: 2 },
    ],
  },
  status: {
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Paused", status: "False" },
    ],
  },
};

const cases: [path: string, expected: unknown[]][] = [
  [".spec.size", [3]],
  ["{.spec.size}", [3]],
  [".spec['a.b']", ["dotted"]],
  [".spec.a\\.b", ["dotted"]],
  [".spec.list[0].name", ["x"]],
  [".spec.list[-1].name", ["y"]],
  [".spec.list[*].name", ["x", "y"]],
  ['.status.conditions[?(@.type=="Ready")].status', ["True"]],
  [".status.conditions[?(@.type=='Paused')].status", ["False"]],
  [".status.conditions[?(@.type!='Paused')].status", ["True"]],
  [".spec.list[?(@.n==2)].name", ["y"]],
  [".spec.missing.deeper[3]", []],
];

for (const [path, expected] of cases)
  test(`${path} finds ${JSON.stringify(expected)}`, () => assert.deepEqual(compileJsonPath(path)(object), expected));

test("refuses what it does not understand", () => {
  for (const path of [".spec[", ".a[?(@.b>1)]", "spec size"])
    assert.throws(() => compileJsonPath(path), SyntaxError, path);
});

test("never throws on data", () => {
  const read = compileJsonPath('.a[0].b[?(@.c=="d")].e[*]');
  fc.assert(fc.property(fc.jsonValue(), (value) => Array.isArray(read(value))));
});
