import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { isStatus } from "../../base/errors.ts";
import { builtinSchema } from "../schema/builtin-schemas.ts";
import type { Schema } from "../schema/schema.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";
import { strategicMergePatch } from "./strategic-merge-patch.ts";

const loaded = builtinSchema({ group: "", version: "v1", kind: "Pod" });
assert.ok(loaded);
const pod: Schema = loaded;

describe("a strategic merge patch", () => {
  const cases: [name: string, current: object, patch: object, result: object][] = [
    [
      "merges objects",
      { metadata: { labels: { a: "1" } } },
      { metadata: { labels: { b: "2" } } },
      { metadata: { labels: { a: "1", b: "2" } } },
    ],
    [
      "deletes with null",
      { metadata: { labels: { a: "1", b: "2" } } },
      { metadata: { labels: { a: null } } },
      { metadata: { labels: { b: "2" } } },
    ],
    [
      "merges items by their key",
      { spec: { containers: [{ name: "a", image: "1" }, { name: "b" }] } },
      { spec: { containers: [{ name: "a", image: "2" }, { name: "c" }] } },
      { spec: { containers: [{ name: "a", image: "2" }, { name: "b" }, { name: "c" }] } },
    ],
    [
      "merges nested items",
      { spec: { containers: [{ name: "a", env: [{ name: "X", value: "1" }] }] } },
      { spec: { containers: [{ name: "a", env: [{ name: "Y", value: "2" }] }] } },
      {
        spec: {
          containers: [
            {
              name: "a",
              env: [
                { name: "X", value: "1" },
                { name: "Y", value: "2" },
              ],
            },
          ],
        },
      },
    ],
    [
      "replaces lists without a merge strategy",
      { spec: { containers: [{ name: "a", args: ["1", "2"] }] } },
      { spec: { containers: [{ name: "a", args: ["3"] }] } },
      { spec: { containers: [{ name: "a", args: ["3"] }] } },
    ],
    [
      "deletes an item",
      { spec: { volumes: [{ name: "a" }, { name: "b" }] } },
      { spec: { volumes: [{ name: "a", $patch: "delete" }] } },
      { spec: { volumes: [{ name: "b" }] } },
    ],
    [
      "replaces a list",
      { spec: { volumes: [{ name: "a" }, { name: "b" }] } },
      { spec: { volumes: [{ name: "c" }, { $patch: "replace" }] } },
      { spec: { volumes: [{ name: "c" }] } },
    ],
    [
      "replaces an object",
      { spec: { nodeSelector: { a: "1" } } },
      { spec: { nodeSelector: { b: "2", $patch: "replace" } } },
      { spec: { nodeSelector: { b: "2" } } },
    ],
    [
      "adds to lists of values and removes from them",
      { metadata: { finalizers: ["a", "b"] } },
      { metadata: { finalizers: ["c"], "$deleteFromPrimitiveList/finalizers": ["a"] } },
      { metadata: { finalizers: ["b", "c"] } },
    ],
    [
      "orders items, those of others staying where they were",
      { spec: { containers: [{ name: "x" }, { name: "a" }, { name: "y" }, { name: "b" }] } },
      {
        spec: {
          "$setElementOrder/containers": [{ name: "b" }, { name: "a" }, { name: "n" }],
          containers: [{ name: "n" }],
        },
      },
      { spec: { containers: [{ name: "x" }, { name: "y" }, { name: "b" }, { name: "a" }, { name: "n" }] } },
    ],
    [
      "keeps only the keys it retains",
      { spec: { volumes: [{ name: "v", emptyDir: {} }] } },
      { spec: { volumes: [{ name: "v", $retainKeys: ["name", "hostPath"], hostPath: { path: "/x" } }] } },
      { spec: { volumes: [{ name: "v", hostPath: { path: "/x" } }] } },
    ],
    [
      "adds what is new without directives and nulls",
      {},
      {
        spec: {
          containers: [
            { name: "a", image: null },
            { name: "b", $patch: "delete" },
          ],
          "$setElementOrder/containers": [{ name: "a" }],
        },
      },
      { spec: { containers: [{ name: "a" }] } },
    ],
  ];
  for (const [name, current, patch, result] of cases) {
    test(name, () => {
      const before = structuredClone({ current, patch });
      assert.deepEqual(strategicMergePatch(pod, current, patch), result);
      assert.deepEqual({ current, patch }, before, "the arguments must not change");
    });
  }

  test("is refused when an item has no merge key", () => {
    const patch = { spec: { containers: [{ image: "x" }] } };
    assert.throws(
      () => strategicMergePatch(pod, { spec: { containers: [] } }, patch),
      (error) => isStatus(error, "BadRequest") && /declared merge key: name/.test(error.message),
    );
  });
});

describe("a JSON patch", () => {
  test("is applied to a copy", () => {
    const current = { a: [1, 2] };
    const patch = [
      { op: "add", path: "/a/-", value: 3 },
      { op: "remove", path: "/a/0" },
    ];
    assert.deepEqual(applyJsonPatch(current, patch), { a: [2, 3] });
    assert.deepEqual(current, { a: [1, 2] });
  });

  const refused: [name: string, patch: unknown, reason: "BadRequest" | "Invalid"][] = [
    ["that is no list", { op: "add" }, "BadRequest"],
    ["whose test fails", [{ op: "test", path: "/a", value: 2 }], "Invalid"],
    ["with a path that is not there", [{ op: "remove", path: "/b/c" }], "Invalid"],
    ["with an unknown operation", [{ op: "frob", path: "/a" }], "Invalid"],
  ];
  for (const [name, patch, reason] of refused) {
    test(`${name} is refused`, () => {
      assert.throws(
        () => applyJsonPatch({ a: 1 }, patch),
        (error) => isStatus(error, reason),
      );
    });
  }
});

describe("a merge patch", () => {
  test("follows the examples of RFC 7386", () => {
    const cases: [current: unknown, patch: unknown, result: unknown][] = [
      [{ a: "b" }, { a: "c" }, { a: "c" }],
      [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
      [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
      [{ a: ["b"] }, { a: "c" }, { a: "c" }],
      [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
      [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
      [["a", "b"], ["c"], ["c"]],
      [{ a: "foo" }, null, null],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [[1, 2], { a: "b", c: null }, { a: "b" }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ];
    for (const [current, patch, result] of cases) assert.deepEqual(mergePatch(current, patch), result);
  });

  test("applied twice is applied once", () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(json, json, (current, patch) => {
        const once = mergePatch(current, patch);
        assert.deepEqual(mergePatch(once, patch), once);
      }),
    );
  });

  test("cannot reach the prototype", () => {
    const patch: unknown = JSON.parse('{"__proto__":{"polluted":true}}');
    const result = mergePatch({}, patch) as Record<string, unknown>;
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
    assert.deepEqual(Object.keys(result), ["__proto__"]);
  });
});
