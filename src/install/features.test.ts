import assert from "node:assert/strict";
import { test } from "node:test";
import { missingApis, policyVersionOf, type ServedGroups } from "./features.ts";

function serving(...groupVersions: string[]): ServedGroups {
  return {
    groups: groupVersions.map((each) => {
      const [name = "", version = ""] = each.split("/");
      return { name, versions: [{ version: "v0" }, { version }] };
    }),
  };
}

const old = serving(
  "admissionregistration.k8s.io/v1",
  "apiextensions.k8s.io/v1",
  "apiregistration.k8s.io/v1",
  "apps/v1",
  "authorization.k8s.io/v1",
  "coordination.k8s.io/v1",
  "rbac.authorization.k8s.io/v1",
  "policy/v1beta1",
);

test("Kubernetes 1.20 has all that is needed, with the policy group's old version", () => {
  assert.deepEqual(missingApis(old), []);
  assert.equal(policyVersionOf(old), "v1beta1");
});

test("the newer version of policy is taken where both are", () => {
  assert.equal(policyVersionOf({ groups: [...serving("policy/v1").groups, ...old.groups] }), "v1");
});

test("what is missing is named", () => {
  const without = { groups: old.groups.filter(({ name }) => name !== "policy" && name !== "apps") };
  assert.deepEqual(missingApis(without), ["apps/v1", "policy/v1"]);
  assert.deepEqual(missingApis({ groups: [...without.groups, ...serving("apps/v1beta2").groups] })[0], "apps/v1");
});
