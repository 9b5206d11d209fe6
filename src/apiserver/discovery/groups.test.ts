import assert from "node:assert/strict";
import { test } from "node:test";
import { builtinKinds } from "../registry/builtin.ts";
import { aggregatedDocument, resourceListDocument } from "./answers.ts";
import { compareVersions, discover } from "./groups.ts";

test("stable versions come before beta ones, newer before older", () => {
  const versions = ["v1beta1", "v10", "v1alpha1", "v2", "foo", "v1", "v1beta2"];
  assert.deepEqual(
    versions.toSorted((a, b) => compareVersions(b, a)),
    ["v10", "v2", "v1", "v1beta2", "v1beta1", "v1alpha1", "foo"],
  );
});

test("both forms of discovery show the same resources", () => {
  const groups = discover(
    builtinKinds,
    { v1: [{ name: "pods/log", singularName: "", namespaced: true, kind: "Pod", verbs: ["get"] }] },
    [],
  );
  const legacy = groups
    .flatMap((group) => group.versions)
    .flatMap((version) => resourceListDocument(version).resources.map((resource) => resource.name));
  const aggregated = aggregatedDocument(groups, "v2").items.flatMap((item) =>
    item.versions.flatMap((version) =>
      version.resources.flatMap((resource) => [
        resource.resource,
        ...(("subresources" in resource ? resource.subresources : undefined) ?? []).map(
          (each) => `${resource.resource}/${each.subresource}`,
        ),
      ]),
    ),
  );
  assert.deepEqual(aggregated.toSorted(), legacy.toSorted());
});
