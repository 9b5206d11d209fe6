import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { isStatus } from "../../base/errors.ts";
import { matchesFields, parseFieldSelector } from "./field-selector.ts";
import { formatLabelSelector, matchesLabels, parseLabelSelector, requirementsOf } from "./label-selector.ts";
import { validateLabelSelector } from "./validate-label-selector.ts";

describe("a label selector", () => {
  const labels = { app: "web", tier: "front", "example.com/n": "5" };
  const cases: [selector: string, matches: boolean][] = [
    ["", true],
    ["app=web", true],
    ["app==web,tier=front", true],
    ["app=db", false],
    ["app!=db", true],
    ["missing!=x", true],
    ["app in (db, web)", true],
    ["app notin (db,web)", false],
    ["missing notin (a)", true],
    ["app", true],
    ["missing", false],
    ["!missing", true],
    ["! app", false],
    ["example.com/n>4,example.com/n<6", true],
    ["example.com/n>5", false],
    ["missing=", false],
    ["in in (in),app", false],
  ];
  for (const [selector, matches] of cases) {
    test(`${JSON.stringify(selector)} ${matches ? "selects" : "does not select"}`, () => {
      assert.equal(matchesLabels(parseLabelSelector(selector), labels), matches);
    });
  }

  for (const text of ["app in web", "=x", "a in (b", "a,,b", "a>b", "a b", "a=b c"]) {
    test(`${JSON.stringify(text)} is refused`, () => {
      assert.throws(
        () => parseLabelSelector(text),
        (error) => isStatus(error, "BadRequest"),
      );
    });
  }

  test("written out reads the same", () => {
    const word = fc.constantFrom("a", "b", "example.com/c");
    const plain = { noNullPrototype: true };
    const values = fc.array(word, { minLength: 1, maxLength: 3 });
    const requirement = fc.oneof(
      fc.record({ key: word, operator: fc.constantFrom("in" as const, "notin" as const), values }, plain),
      fc.record(
        {
          key: word,
          operator: fc.constantFrom("exists" as const, "!" as const),
          values: fc.constant<string[]>([]),
        },
        plain,
      ),
    );
    fc.assert(
      fc.property(fc.array(requirement), (requirements) => {
        assert.deepEqual(parseLabelSelector(formatLabelSelector(requirements)), requirements);
      }),
    );
  });

  test("of an object has all its requirements", () => {
    const requirements = requirementsOf({
      matchLabels: { app: "web" },
      matchExpressions: [
        { key: "tier", operator: "NotIn", values: ["back"] },
        { key: "x", operator: "DoesNotExist" },
      ],
    });
    assert.equal(formatLabelSelector(requirements), "app=web,tier notin (back),!x");
    assert.equal(matchesLabels(requirements, labels), true);
  });
});

test("the label selector of an object is checked requirement by requirement", () => {
  const causes = validateLabelSelector(
    {
      matchLabels: { "a b": "x" },
      matchExpressions: [
        { key: "k", operator: "In" },
        { key: "k", operator: "Exists", values: ["v"] },
        { key: "k", operator: "Gt" as "In", values: ["v"] },
        { key: "k", operator: "NotIn", values: ["no good"] },
      ],
    },
    "spec.selector",
  );
  assert.deepEqual(
    causes.map(({ field, reason }) => [field, reason]),
    [
      ["spec.selector.matchLabels", "FieldValueInvalid"],
      ["spec.selector.matchExpressions[0].values", "FieldValueRequired"],
      ["spec.selector.matchExpressions[1].values", "FieldValueForbidden"],
      ["spec.selector.matchExpressions[2].operator", "FieldValueInvalid"],
      ["spec.selector.matchExpressions[3].values[0]", "FieldValueInvalid"],
    ],
  );
});

describe("a field selector", () => {
  const values: Record<string, string> = { "metadata.name": "web", "status.phase": "Running", odd: "a,b=c" };
  const valueOf = (field: string) => values[field];
  const cases: [selector: string, matches: boolean][] = [
    ["", true],
    ["metadata.name=web", true],
    ["metadata.name==web,status.phase!=Pending", true],
    ["status.phase=Pending", false],
    ["odd=a\\,b\\=c", true],
  ];
  for (const [selector, matches] of cases) {
    test(`${JSON.stringify(selector)} ${matches ? "selects" : "does not select"}`, () => {
      assert.equal(matchesFields(parseFieldSelector(selector), valueOf), matches);
    });
  }

  test("of a field that the kind does not offer is refused", () => {
    assert.throws(() => matchesFields(parseFieldSelector("spec.x=1"), valueOf), {
      message: "field label not supported: spec.x",
    });
  });

  test("that is none is refused", () => {
    assert.throws(() => parseFieldSelector("nonsense"), { reason: "BadRequest" });
  });
});
