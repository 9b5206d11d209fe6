import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compareQuantities,
  formatBytes,
  formatMillis,
  isQuantity,
  parseQuantity,
  QuantityError,
  quantityToMillis,
  quantityToNumber,
} from "./quantity.ts";
import fc from "./property.fixture.ts";

test("whole units", () => {
  const table: [string | number, number][] = [
    ["0", 0],
    [7, 7],
    ["128Mi", 134217728],
    ["1Gi", 1073741824],
    ["1.5Gi", 1610612736],
    ["1G", 1e9],
    ["1e3", 1000],
    ["1E3", 1000],
    ["1E", 1e18],
    ["-64M", -64_000_000],
    ["250m", 1],
    [".5", 1],
    ["5.", 5],
  ];
  for (const [text, expected] of table) assert.equal(quantityToNumber(text), expected, String(text));
});

test("thousandths", () => {
  for (const [text, expected] of [
    ["100m", 100],
    ["1", 1000],
    ["1.5", 1500],
    ["1u", 1],
  ] as const) {
    assert.equal(quantityToMillis(text), expected, text);
  }
});

test("what is no quantity is refused with an example", () => {
  for (const text of ["", ".", "-", "1 Gi", "1gi", "1GiB", "abc", "1e", "--1"]) {
    assert.equal(isQuantity(text), false, text);
    assert.throws(() => parseQuantity(text), QuantityError, text);
  }
});

test("comparison is exact and formatting is canonical", () => {
  assert.equal(compareQuantities("1024Mi", "1Gi"), 0);
  assert.equal(compareQuantities("1000Mi", "1Gi"), -1);
  assert.equal(compareQuantities("1G", "999M"), 1);
  assert.deepEqual([formatBytes(1024 ** 3), formatBytes(1000), formatBytes(0)], ["1Gi", "1000", "0"]);
  assert.deepEqual([formatMillis(1500), formatMillis(2000)], ["1500m", "2"]);
});

test("no text makes it anything but a number or a QuantityError", () => {
  const nearly = fc.stringMatching(/^[+-]?[0-9]{0,30}\.?[0-9]{0,30}([numkMGTPE]i?|[eE][+-]?[0-9]{1,3})?$/);
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string({ unit: "binary" })), (text) => {
      try {
        assert.equal(typeof parseQuantity(text), "bigint");
        assert.ok(isQuantity(text));
      } catch (error) {
        assert.ok(error instanceof QuantityError, String(error));
        assert.ok(!isQuantity(text));
      }
    }),
  );
});
