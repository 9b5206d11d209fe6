import assert from "node:assert/strict";
import { test } from "node:test";
import { parseResourcePath } from "./path.ts";
import { verbOf } from "./verb.ts";

const cases: [path: string, expected: Partial<ReturnType<typeof parseResourcePath>> | undefined][] = [
  ["/api", undefined],
  ["/api/v1", undefined],
  ["/apis/apps/v1", undefined],
  ["/healthz", undefined],
  [
    "/api/v1/nodes",
    { group: "", version: "v1", plural: "nodes", namespace: undefined, name: undefined, subresource: "" },
  ],
  ["/api/v1/nodes/n1/status", { plural: "nodes", name: "n1", subresource: "status", namespace: undefined }],
  ["/api/v1/namespaces", { plural: "namespaces", name: undefined, namespace: undefined }],
  ["/api/v1/namespaces/a", { plural: "namespaces", name: "a", namespace: "a" }],
  ["/api/v1/namespaces/a/finalize", { plural: "namespaces", name: "a", subresource: "finalize" }],
  ["/api/v1/namespaces/a/pods/p/log", { plural: "pods", namespace: "a", name: "p", subresource: "log" }],
  ["/api/v1/watch/pods", { plural: "pods", watch: true }],
  [
    "/apis/apps/v1/namespaces/a/deployments/d/scale",
    { group: "apps", plural: "deployments", namespace: "a", name: "d", subresource: "scale" },
  ],
  [
    "/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachineinstances/v/portforward/22/tcp",
    { group: "subresources.kubevirt.io", subresource: "portforward", rest: ["22", "tcp"] },
  ],
  ["/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode", { plural: "clusterroles", name: "system:node" }],
];

for (const [path, expected] of cases)
  test(path, () => {
    const parsed = parseResourcePath(path);
    if (expected === undefined) assert.equal(parsed, undefined);
    else assert.deepEqual({ ...parsed, ...expected }, parsed);
  });

test("a right to read everything is none to run something in a guest", () => {
  const verb = (subresource: string) => {
    const path = parseResourcePath(
      `/apis/subresources.kubevirt.io/v1/namespaces/a/virtualmachineinstances/v/${subresource}`,
    );
    assert.ok(path);
    return verbOf("GET", path, new URLSearchParams());
  };
  assert.deepEqual([verb("exec"), verb("file"), verb("console")], ["create", "create", "get"]);
});
