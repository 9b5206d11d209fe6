import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod } from "../../../api/core.ts";
import { parseQuantity } from "../../base/quantity.ts";
import { podRequests } from "./requests.ts";

const container = (memory: string, more: Partial<Container> = {}): Container => ({
  name: "c",
  resources: { requests: { memory } },
  ...more,
});
const memoryOf = (spec: Partial<Pod["spec"]>) => podRequests({ spec: { containers: [], ...spec } })["memory"];

const cases: [name: string, spec: Partial<Pod["spec"]>, expected: string][] = [
  ["containers add up", { containers: [container("1Gi"), container("2Gi")] }, "3Gi"],
  ["a larger init step decides", { containers: [container("1Gi")], initContainers: [container("4Gi")] }, "4Gi"],
  [
    "init steps do not add up",
    { containers: [container("3Gi")], initContainers: [container("2Gi"), container("2Gi")] },
    "3Gi",
  ],
  [
    "a sidecar runs along",
    { containers: [container("1Gi")], initContainers: [container("1Gi", { restartPolicy: "Always" })] },
    "2Gi",
  ],
  [
    "a sidecar runs along with the init step after it",
    {
      containers: [container("1Gi")],
      initContainers: [container("1Gi", { restartPolicy: "Always" }), container("4Gi")],
    },
    "5Gi",
  ],
  ["overhead counts", { containers: [container("1Gi")], overhead: { memory: "1Gi" } }, "2Gi"],
  ["a limit alone is its request", { containers: [{ name: "c", resources: { limits: { memory: "1Gi" } } }] }, "1Gi"],
];
for (const [name, spec, expected] of cases) test(name, () => assert.equal(memoryOf(spec), parseQuantity(expected)));
