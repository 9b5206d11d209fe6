import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultConfiguration } from "../configuration.ts";
import { choosePolicy, configureMigration, validateMigrationPolicy } from "./policy.ts";
import type { MigrationPolicy } from "../resources.ts";

type Spec = Partial<MigrationPolicy["spec"]>;

const selected = { labels: { app: "db", size: "large" }, namespaceLabels: { team: "a", stage: "live" } };

const policy = (name: string, spec: object): MigrationPolicy => ({
  metadata: { name },
  spec: spec as MigrationPolicy["spec"],
});
const selecting = (name: string, machine?: object, namespace?: object): MigrationPolicy =>
  policy(name, { selectors: { virtualMachineInstanceSelector: machine, namespaceSelector: namespace } });

const chosen: [what: string, policies: MigrationPolicy[], name: string | undefined][] = [
  ["none there", [], undefined],
  ["without selectors it applies to none", [policy("a", { allowAutoConverge: true })], undefined],
  ["with empty selectors to all", [selecting("all")], "all"],
  ["one label differs", [selecting("a", { app: "db", size: "small" })], undefined],
  ["a label is missing", [selecting("a", {}, { zone: "" })], undefined],
  ["both selectors must match", [selecting("a", { app: "db" }, { team: "b" })], undefined],
  ["any label before none", [selecting("a"), selecting("b", {}, { team: "a" })], "b"],
  ["most labels", [selecting("a", { app: "db" }), selecting("b", {}, { team: "a", stage: "live" })], "b"],
  [
    "as many: the machine's count more",
    [selecting("a", { app: "db" }, { team: "a" }), selecting("b", { app: "db", size: "large" })],
    "b",
  ],
  ["else by name", [selecting("b", { app: "db" }), selecting("a", { size: "large" })], "a"],
];

for (const [what, policies, name] of chosen) {
  test(`which policy counts: ${what}`, () => {
    for (const order of [policies, policies.toReversed()]) {
      assert.equal(choosePolicy(order, selected)?.metadata?.name, name);
    }
  });
}

test("a policy goes over the configuration, and only where it says something", () => {
  const defaults = defaultConfiguration.migrations;
  const configured = (spec: Spec) => configureMigration(defaults, [policy("p", { ...spec, selectors: {} })], selected);
  assert.deepEqual(configured({}), { configuration: defaults, policyName: undefined });
  assert.deepEqual(configured({ bandwidthPerMigration: "1Mi", completionTimeoutPerGiB: 0 }), {
    configuration: { ...defaults, bandwidthPerMigration: "1Mi", completionTimeoutPerGiB: 0 },
    policyName: "p",
  });
  const disturbed = configured({ allowPostCopy: true }).configuration;
  assert.deepEqual([disturbed.allowPostCopy, disturbed.allowWorkloadDisruption], [true, true]);
  const spared = configured({ allowPostCopy: true, allowWorkloadDisruption: false }).configuration;
  assert.deepEqual([spared.allowPostCopy, spared.allowWorkloadDisruption], [true, false]);
});

const refused: [spec: object, field: string][] = [
  [{ completionTimeoutPerGiB: -1 }, "spec.completionTimeoutPerGiB"],
  [{ bandwidthPerMigration: "-1Mi" }, "spec.bandwidthPerMigration"],
  [{ bandwidthPerMigration: "fast" }, "spec.bandwidthPerMigration"],
  [{ maxDowntimeMs: 5 }, "spec.maxDowntimeMs"],
  [{ experimental: {} }, "spec.experimental"],
];

for (const [spec, field] of refused) {
  test(`refused: ${JSON.stringify(spec)}`, () => {
    const causes = validateMigrationPolicy(policy("p", { ...spec, selectors: {} }));
    assert.deepEqual(
      causes.map((cause) => cause.field),
      [field],
    );
  });
}

test("zero is no limit", () => {
  const spec = { selectors: {}, completionTimeoutPerGiB: 0, bandwidthPerMigration: "0" };
  assert.deepEqual(validateMigrationPolicy(policy("p", spec)), []);
});
