import assert from "node:assert/strict";
import { test } from "node:test";
import { controllerMetrics } from "./catalogue/controller.ts";
import { nodeMetrics } from "./catalogue/node.ts";
import type { Metric } from "./metric.ts";
import { alertRules, recordingRules, renderPrometheusRule } from "./rules.ts";

const metrics = new Map<string, Metric>(
  [...Object.values(nodeMetrics), ...Object.values(controllerMetrics)].map((metric) => [metric.name, metric]),
);

test("rules ask only for metrics that are told, and for rules before them", () => {
  const known = new Set(metrics.keys());
  for (const { record, expr } of recordingRules) {
    checkNames(expr, known);
    known.add(record);
  }
  for (const { expr } of alertRules) checkNames(expr, known);
});

function checkNames(expr: string, known: ReadonlySet<string>): void {
  const names = [...expr.matchAll(/(?:[a-z]+:)?kubevirt_\w+(?::\w+)?/g)].map(([name]) => name);
  assert.ok(names.length > 0, expr);
  for (const name of names) assert.ok(known.has(name), name);
}

test("labels that rules group or select by are labels of what they ask for", () => {
  for (const { expr } of recordingRules) {
    const labels = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(", "));
    for (const [name] of expr.matchAll(/\bkubevirt_\w+/g)) {
      const metric = metrics.get(name);
      // A part of the name of a rule.
      if (metric === undefined) continue;
      for (const label of labels) assert.ok(metric.labels.includes(label), `${name}: ${label}`);
    }
  }
});

test("an alert holds for some time, is of some weight, and says what is wrong", () => {
  const { spec } = renderPrometheusRule("vmpod") as unknown as { spec: { groups: { rules: object[] }[] } };
  assert.equal(spec.groups.flatMap(({ rules }) => rules).length, recordingRules.length + alertRules.length);
  for (const { summary, for: held } of alertRules) {
    assert.match(summary, /\.$/);
    if (held !== undefined) assert.match(held, /^\d+[mh]$/);
  }
});
