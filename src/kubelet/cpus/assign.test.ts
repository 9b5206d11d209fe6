import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod } from "../../../api/core.ts";
import { chooseExclusive, exclusiveCount, sharedPool } from "./assign.ts";

const container = (cpu: string, memory = "64Mi", requests: object = {}): Container => ({
  name: "main",
  image: "a",
  resources: { limits: { cpu, memory }, requests: { cpu, memory, ...requests } },
});
const podOf = (...containers: Container[]): Pod => ({ spec: { containers } });

test("only a Guaranteed pod's container with a whole number of CPUs has some of its own", () => {
  const countOf = (first: Container, ...others: Container[]) => exclusiveCount(podOf(first, ...others), first);
  assert.equal(countOf(container("2")), 2);
  assert.equal(countOf(container("1500m")), 0);
  assert.equal(countOf(container("2", "64Mi", { cpu: "1" })), 0);
  assert.equal(countOf(container("2"), { name: "beside", image: "a" }), 0);
  assert.equal(countOf({ name: "main", image: "a" }), 0);
});

const alone = { all: [0, 1, 2, 3], reserved: [0], cores: new Map() };
/** 0 and 4 are one core, 1 and 5 ... */
const paired = {
  all: [0, 1, 2, 3, 4, 5, 6, 7],
  reserved: [0],
  cores: new Map([0, 1, 2, 3, 4, 5, 6, 7].map((cpu) => [cpu, String(cpu % 4)])),
};

test("what is held or reserved is given to nobody, and shared by all others", () => {
  assert.deepEqual(chooseExclusive(alone, [1], 2), [2, 3]);
  assert.equal(chooseExclusive(alone, [1], 3), undefined);
  assert.deepEqual(sharedPool(alone, [1, 3]), [0, 2]);
});

test("whole cores for who wants as many, what is left of one for who does not", () => {
  assert.deepEqual(chooseExclusive(paired, [], 2), [1, 5]);
  assert.deepEqual(chooseExclusive(paired, [], 4), [1, 2, 5, 6]);
  assert.deepEqual(chooseExclusive(paired, [], 1), [4]);
  assert.deepEqual(chooseExclusive(paired, [4], 2), [1, 5]);
});

test("whatever comes and goes, no processor is two containers' and none is lost", () => {
  let seed = 3;
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  let holders: number[][] = [];
  for (let round = 0; round < 2000; round++) {
    if (random(2) === 0) {
      const taken = chooseExclusive(paired, holders.flat(), 1 + random(3));
      if (taken) holders.push(taken);
    } else holders = holders.filter(() => random(3) > 0);
    const held = holders.flat();
    assert.equal(new Set(held).size, held.length);
    assert.ok(!held.includes(0));
    assert.deepEqual(
      [...held, ...sharedPool(paired, held)].toSorted((a, b) => a - b),
      paired.all,
    );
  }
});
