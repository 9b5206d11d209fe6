import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeSelectorRequirement } from "../../../api/core.ts";
import { matchesNodeSelector } from "./node-selector.ts";

const node = { metadata: { name: "one", labels: { disk: "ssd", cores: "8" } } };

const cases: [requirement: NodeSelectorRequirement, matches: boolean][] = [
  [{ key: "disk", operator: "In", values: ["ssd", "nvme"] }, true],
  [{ key: "disk", operator: "In", values: ["hdd"] }, false],
  [{ key: "gone", operator: "In", values: ["ssd"] }, false],
  [{ key: "disk", operator: "NotIn", values: ["ssd"] }, false],
  [{ key: "gone", operator: "NotIn", values: ["ssd"] }, true],
  [{ key: "disk", operator: "Exists" }, true],
  [{ key: "gone", operator: "Exists" }, false],
  [{ key: "gone", operator: "DoesNotExist" }, true],
  [{ key: "cores", operator: "Gt", values: ["7"] }, true],
  [{ key: "cores", operator: "Lt", values: ["8"] }, false],
  [{ key: "gone", operator: "Lt", values: ["8"] }, false],
];
for (const [requirement, matches] of cases)
  test(`${requirement.key} ${requirement.operator} ${requirement.values?.join() ?? ""}: ${matches}`, () => {
    assert.equal(matchesNodeSelector({ nodeSelectorTerms: [{ matchExpressions: [requirement] }] }, node), matches);
  });

test("one term must match, in all its requirements; an empty term matches nothing", () => {
  const ssd: NodeSelectorRequirement = { key: "disk", operator: "In", values: ["ssd"] };
  const other: NodeSelectorRequirement = { key: "metadata.name", operator: "In", values: ["two"] };
  const isMatch = (...nodeSelectorTerms: object[]) => matchesNodeSelector({ nodeSelectorTerms }, node);
  assert.equal(isMatch({ matchExpressions: [ssd], matchFields: [other] }), false);
  assert.equal(isMatch({ matchFields: [other] }, { matchExpressions: [ssd] }), true);
  assert.equal(isMatch({}), false);
  assert.equal(isMatch(), false);
});
