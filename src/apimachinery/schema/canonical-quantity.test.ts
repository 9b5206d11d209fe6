import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "../../base/property.fixture.ts";
import { parseQuantity } from "../../base/quantity.ts";
import { builtinSchema } from "./builtin-schemas.ts";
import { canonicalizeQuantities, canonicalQuantity } from "./canonical-quantity.ts";

describe("the canonical form of a quantity", () => {
  const cases: [given: string | number, canonical: string][] = [
    [1, "1"],
    ["0", "0"],
    ["0Mi", "0"],
    ["0.5", "500m"],
    ["1000m", "1"],
    ["1500m", "1500m"],
    ["1000", "1k"],
    ["1024Mi", "1Gi"],
    ["1.5Gi", "1536Mi"],
    ["1023", "1023"],
    ["0.5Ki", "512"],
    ["1000Ki", "1000Ki"],
    ["1e3", "1e3"],
    ["100e1", "1e3"],
    ["-2048Ki", "-2Mi"],
    ["100u", "100u"],
  ];
  for (const [given, canonical] of cases) {
    test(`of ${given} is ${canonical}`, () => assert.equal(canonicalQuantity(given), canonical));
  }

  test("is the same quantity, and its own canonical form", () => {
    const suffix = fc.constantFrom("", "m", "k", "M", "Ki", "Mi", "Gi", "e3", "E2");
    fc.assert(
      fc.property(fc.integer(), suffix, (number, unit) => {
        const canonical = canonicalQuantity(`${number}${unit}`);
        assert.equal(parseQuantity(canonical), parseQuantity(`${number}${unit}`));
        assert.equal(canonicalQuantity(canonical), canonical);
      }),
    );
  });
});

test("the quantities of a pod are rewritten, strings that look like them are not", () => {
  const pod = builtinSchema({ group: "", version: "v1", kind: "Pod" });
  assert.ok(pod);
  const object = {
    metadata: { labels: { size: "1024Mi" } },
    spec: {
      containers: [
        { name: "a", resources: { requests: { cpu: 0.25, memory: "1024Mi" }, limits: { cpu: "nonsense" } } },
      ],
      volumes: [{ name: "v", emptyDir: { sizeLimit: "2048Ki" } }],
    },
  };
  canonicalizeQuantities(pod, object);
  assert.deepEqual(object, {
    metadata: { labels: { size: "1024Mi" } },
    spec: {
      containers: [{ name: "a", resources: { requests: { cpu: "250m", memory: "1Gi" }, limits: { cpu: "nonsense" } } }],
      volumes: [{ name: "v", emptyDir: { sizeLimit: "2Mi" } }],
    },
  });
});
