import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InvariantError } from "../base/errors.ts";
import { controllerReference, isControlledBy, withFinalizer, withoutFinalizer } from "./owner-references.ts";

const kind = { group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet", namespaced: true };
const owner = { metadata: { name: "web", uid: "1" } };

describe("owner references", () => {
  it("name the owner by its identity", () => {
    assert.deepEqual(controllerReference(kind, owner), {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      name: "web",
      uid: "1",
      controller: true,
      blockOwnerDeletion: true,
    });
    assert.throws(() => controllerReference(kind, { metadata: { name: "draft" } }), InvariantError);
  });

  it("do not mistake a successor of the same name for the owner", () => {
    const pod = { metadata: { ownerReferences: [controllerReference(kind, owner)] } };
    assert.ok(isControlledBy(pod, owner));
    assert.ok(!isControlledBy(pod, { metadata: { name: "web", uid: "2" } }));
    assert.ok(!isControlledBy({}, {}));
  });
});

describe("finalizers", () => {
  it("come and go once, without touching the object given", () => {
    const bare = { metadata: { name: "a" } };
    const held = withFinalizer(bare, "x/y");
    assert.deepEqual(held.metadata, { name: "a", finalizers: ["x/y"] });
    assert.equal(withFinalizer(held, "x/y"), held);
    assert.deepEqual(withoutFinalizer(held, "x/y").metadata, { name: "a", finalizers: [] });
    assert.equal(withoutFinalizer(bare, "x/y"), bare);
    assert.deepEqual(bare, { metadata: { name: "a" } });
  });
});
