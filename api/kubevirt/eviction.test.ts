import assert from "node:assert/strict";
import { test } from "node:test";
import { mayEvict } from "./eviction.ts";
import { sampleVmi } from "./sample.ts";

const nodeName = "one";

function vmiWith(strategy: string | undefined, canMigrate: boolean, status: object = {}, metadata: object = {}) {
  return sampleVmi((vmi) => {
    if (strategy !== undefined) vmi.spec.evictionStrategy = strategy;
    Object.assign(vmi.metadata ?? {}, metadata);
    const conditions = [{ type: "LiveMigratable", status: canMigrate ? "True" : "False" }];
    vmi.status = { phase: "Running", nodeName, conditions, ...status };
  });
}

const evacuating = 'Eviction triggered evacuation of VMI "default/a"';

const cases: [what: string, ReturnType<typeof vmiWith>, ReturnType<typeof mayEvict>][] = [
  ["no strategy", vmiWith(undefined, true), { verdict: "evict" }],
  ["None", vmiWith("None", true), { verdict: "evict" }],
  ["LiveMigrate", vmiWith("LiveMigrate", true), { verdict: "evacuate", message: evacuating, nodeName }],
  [
    "LiveMigrate, but it cannot",
    vmiWith("LiveMigrate", false),
    {
      verdict: "denied",
      message:
        "VMI a is configured with an eviction strategy but is not live-migratable: stop it, or set its evictionStrategy to LiveMigrateIfPossible",
    },
  ],
  ["if possible", vmiWith("LiveMigrateIfPossible", true), { verdict: "evacuate", message: evacuating, nodeName }],
  ["if possible, but it is not", vmiWith("LiveMigrateIfPossible", false), { verdict: "evict" }],
  ["External", vmiWith("External", false), { verdict: "evacuate", message: evacuating, nodeName }],
  [
    "noted before",
    vmiWith("LiveMigrate", true, { evacuationNodeName: nodeName }),
    { verdict: "evacuate", message: `Evacuation in progress: ${evacuating}` },
  ],
  [
    "the guest runs elsewhere: the pod is a target of its migration",
    vmiWith("LiveMigrate", true, { nodeName: "two" }),
    { verdict: "evacuate", message: evacuating },
  ],
  ["it ended", vmiWith("LiveMigrate", true, { phase: "Succeeded" }), { verdict: "evict" }],
  [
    "it is being deleted",
    vmiWith("LiveMigrate", false, {}, { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    { verdict: "evict" },
  ],
];

for (const [what, vmi, expected] of cases) {
  test(`eviction: ${what}`, () => {
    assert.deepEqual(mayEvict(vmi, { nodeName }, { evictionStrategy: undefined }), expected);
  });
}

test("the cluster's strategy counts for machines without one of their own", () => {
  const verdict = (strategy: string | undefined) =>
    mayEvict(vmiWith(strategy, true), { nodeName }, { evictionStrategy: "LiveMigrate" }).verdict;
  assert.equal(verdict(undefined), "evacuate");
  assert.equal(verdict("None"), "evict");
});
