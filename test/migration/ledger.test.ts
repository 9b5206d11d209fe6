import assert from "node:assert/strict";
import { test } from "node:test";
import { entriesOn, lossesOf, sectorBytes } from "./ledger.ts";

const entries = ["1 one", "2 two", "3 three"];
const whole = { entries, onClaim: entries, lost: "nothing" };

const cases: [what: string, witness: Partial<typeof whole>, published: number, losses: RegExp[]][] = [
  ["nothing is lost", {}, 3, []],
  ["the claim may be ahead", { onClaim: [...entries, "4 four"] }, 3, []],
  ["fewer than were published", {}, 4, [/of 4 published entries 3 are left/]],
  ["a gap", { entries: ["1 one", "3 three"], onClaim: ["1 one", "3 three"] }, 2, [/entry 2 is "3 three"/]],
  ["a write that did not reach the claim", { onClaim: ["1 one", "2 two"] }, 3, [/has "undefined" where/]],
  ["another writer on the claim", { onClaim: ["1 one", "2 zwei", "3 three"] }, 3, [/has "2 zwei" where .* "2 two"/]],
  ["the empty disk", { lost: "nothing\n2" }, 3, [/the empty disk/]],
];

for (const [what, witness, published, losses] of cases) {
  test(what, () => {
    const found = lossesOf({ ...whole, ...witness }, published);
    assert.equal(found.length, losses.length, found.join("; "));
    losses.forEach((loss, index) => assert.match(found[index] ?? "", loss));
  });
}

test("entries are read from the second sector to the first that holds none", () => {
  const image = Buffer.alloc(6 * sectorBytes);
  for (const [index, text] of ["1 one", "2 two", "", "4 four"].entries()) {
    image.write(text.padEnd(sectorBytes), (index + 1) * sectorBytes);
  }
  assert.deepEqual(entriesOn(image), ["1 one", "2 two"]);
});
