import assert from "node:assert/strict";
import { test } from "node:test";
import type { MatchedObject } from "../../../api/kubevirt/instancetype/matcher.ts";
import { planCatalogue } from "./plan.ts";

const shipped = (guest: number): MatchedObject => ({
  metadata: { name: "u1.small", labels: { size: "small" } },
  spec: { cpu: { guest }, memory: { guest: "2Gi" } },
});

/** As an earlier version made it. */
function made(guest: number): MatchedObject {
  const [action] = planCatalogue([shipped(guest)], [], true);
  assert.equal(action?.type, "create");
  return structuredClone(action.object);
}

function changed(change: (object: MatchedObject) => void): MatchedObject {
  const object = made(1);
  change(object);
  return object;
}

test("what is shipped is made once, follows new versions, and is left to whoever changed it", () => {
  const labelled = changed(({ metadata }) => Object.assign(metadata?.labels ?? {}, { mine: "yes" }));
  const edited = changed((object) => Object.assign(object.spec as object, { cpu: { guest: 3 } }));
  const foreign = shipped(1);
  const table: [string, MatchedObject[], number, boolean, string[]][] = [
    ["absent", [], 1, true, ["create"]],
    ["there", [made(1)], 1, true, []],
    ["of an earlier version", [made(1)], 2, true, ["replace"]],
    ["with a label of somebody's", [labelled], 2, true, ["replace"]],
    ["changed", [edited], 2, true, []],
    ["somebody's own", [foreign], 2, true, []],
    ["not wanted", [made(1)], 1, false, ["remove"]],
    ["not wanted, and changed", [edited], 1, false, []],
    ["not wanted, not there", [], 1, false, []],
  ];
  for (const [what, found, guest, isWanted, expected] of table) {
    const actions = planCatalogue([shipped(guest)], found, isWanted);
    assert.deepEqual(
      actions.map(({ type }) => type),
      expected,
      what,
    );
  }
  const [replaced] = planCatalogue([shipped(2)], [labelled], true);
  assert.equal(replaced?.object.metadata?.labels?.["mine"], "yes");
});
