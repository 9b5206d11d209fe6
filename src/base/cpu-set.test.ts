import assert from "node:assert/strict";
import { test } from "node:test";
import { byCore, formatCpuSet, parseCpuSet, without } from "./cpu-set.ts";

test("lists of processors are read and written as the kernel does", () => {
  const texts = ["", "0", "0-1", "0,2", "0-3,7,9-10"];
  for (const text of texts) assert.equal(formatCpuSet(parseCpuSet(text) ?? [-1]), text);
  assert.deepEqual(parseCpuSet("2,0-1,1\n"), [0, 1, 2]);
});

test("whatever is no list is undefined, and never a huge one", () => {
  for (const wrong of ["x", "1-", "-1", "3-1", "0-999999999", "0,,1", "1 2"])
    assert.equal(parseCpuSet(wrong), undefined, wrong);
});

test("any set comes back as it was", () => {
  let seed = 7;
  const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  for (let round = 0; round < 500; round++) {
    const set = Array.from({ length: 40 }, (_, cpu) => cpu).filter(() => random() < 0.5);
    assert.deepEqual(parseCpuSet(formatCpuSet(set)), set);
  }
});

test("siblings are neighbours", () => {
  const cores = new Map([0, 1, 2, 3].map((cpu) => [cpu, `core-${cpu % 2}`]));
  assert.deepEqual(byCore([3, 2, 1, 0], cores), [0, 2, 1, 3]);
  assert.deepEqual(without([0, 1, 2], [1]), [0, 2]);
});
