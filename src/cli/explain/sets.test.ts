import assert from "node:assert/strict";
import { test } from "node:test";
import { explainCounts, setKindOf } from "./sets.ts";
import { sentence } from "./situation.ts";

type MachineSet = Parameters<typeof explainCounts>[0];

function told(set: Partial<MachineSet>, member?: string): string {
  return sentence("web", explainCounts({ spec: { replicas: 2 }, ...set }, member));
}

test("one sentence for each reason why machines are missing", () => {
  const failure = { type: "ReplicaFailure", status: "True", message: "quota exceeded" };
  const cases: [said: string, expected: RegExp][] = [
    [told({ status: { replicas: 2, readyReplicas: 2 } }), /^web has all of its 2 machines ready\.$/],
    [
      told({ status: { replicas: 1, readyReplicas: 1 } }),
      /^web has 1 of 2 machines ready: the others are being made\.$/,
    ],
    [
      told({ status: { replicas: 2, readyReplicas: 1 } }, "web-1 fits on no node: add one."),
      /^web has 1 of 2 machines ready\. web-1 fits on no node: add one\.$/,
    ],
    [told({ status: { replicas: 0, conditions: [failure] } }), /because a change failed \(quota exceeded\)/],
    [told({ spec: { replicas: 2, paused: true }, status: { replicas: 1 } }), /is paused with 1 machines.*spec\.paused/],
    [told({ spec: { replicas: 0 }, status: { replicas: 1 } }), /has 1 machines although 0 are wanted/],
    [told({ metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }), /is being deleted/],
  ];
  for (const [said, expected] of cases) assert.match(said, expected);
});

test("types are known by all their names", () => {
  assert.equal(setKindOf("vmirs/web")?.resource.kind, "VirtualMachineInstanceReplicaSet");
  assert.equal(setKindOf("VMPool/web")?.resource.kind, "VirtualMachinePool");
  for (const other of ["vm/web", "web", "constructor/web"]) assert.equal(setKindOf(other), undefined);
});
