import assert from "node:assert/strict";
import { test } from "node:test";
import { aggregatedDocument, resourceListDocument } from "../../http/discovery/documents.ts";
import { builtinKinds } from "../registry/builtin.ts";
import { discover } from "./groups.ts";

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
