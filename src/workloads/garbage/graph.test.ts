import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "../../../api/core.ts";
import type { ObjectMeta } from "../../../api/meta.ts";
import { foregroundFinalizer, type GarbageNode, orphanFinalizer, planGarbage } from "./graph.ts";

const node = (name: string, metadata: ObjectMeta = {}): GarbageNode => ({
  resource: pods,
  metadata: { name, uid: name, ...metadata },
});
const ownedBy = (...uids: string[]): ObjectMeta => ({
  ownerReferences: uids.map((uid) => ({ apiVersion: "v1", kind: "Pod", name: uid, uid, blockOwnerDeletion: true })),
});
const leaving = (finalizer: string): ObjectMeta => ({
  deletionTimestamp: "2026-01-01T00:00:00Z",
  finalizers: [finalizer, "example.org/other"],
});

interface Case {
  node: GarbageNode;
  dependents?: GarbageNode[];
  gone?: string[];
  waiting?: string[];
  expected: string[];
}

const cases: Record<string, Case> = {
  "owned by nobody": { node: node("a"), expected: [] },
  "its owner lives": { node: node("a", ownedBy("o")), expected: [] },
  "its owner is gone": { node: node("a", ownedBy("o")), gone: ["o"], expected: ["delete a"] },
  "its owner waits for it": { node: node("a", ownedBy("o")), waiting: ["o"], expected: ["delete a"] },
  "one owner gone, one waiting": {
    node: node("a", ownedBy("o", "p")),
    gone: ["o"],
    waiting: ["p"],
    expected: ["delete a"],
  },
  "another owner keeps it": { node: node("a", ownedBy("o", "p")), gone: ["o"], expected: ["disown a o"] },
  "another owner keeps it from one that waits": {
    node: node("a", ownedBy("o", "p")),
    waiting: ["p"],
    expected: ["disown a p"],
  },
  "orphans its dependents, then goes": {
    node: node("o", leaving(orphanFinalizer)),
    dependents: [node("a", ownedBy("o"))],
    expected: ["orphan a", `release ${orphanFinalizer}`],
  },
  "waits for a dependent that blocks": {
    node: node("o", leaving(foregroundFinalizer)),
    dependents: [node("a", ownedBy("o"))],
    expected: [],
  },
  "goes when none blocks": {
    node: node("o", leaving(foregroundFinalizer)),
    dependents: [node("a", { ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "o", uid: "o" }] })],
    expected: [`release ${foregroundFinalizer}`],
  },
  "leaves other finalizers to others": { node: node("o", leaving("example.org/x")), expected: [] },
};

for (const [name, { node: subject, dependents = [], gone = [], waiting = [], expected }] of Object.entries(cases))
  test(name, () => {
    const actions = planGarbage(
      subject,
      dependents,
      ({ uid }) => gone.includes(uid),
      ({ uid }) => waiting.includes(uid),
    );
    const told = actions.map((action) => {
      if (action.kind === "orphan") return `orphan ${action.dependents.map(({ metadata }) => metadata.name).join()}`;
      if (action.kind === "release") return `release ${action.finalizer}`;
      const uids = action.kind === "disown" ? ` ${action.ownerUids.join()}` : "";
      return `${action.kind} ${action.node.metadata.name}${uids}`;
    });
    assert.deepEqual(told, expected);
  });
