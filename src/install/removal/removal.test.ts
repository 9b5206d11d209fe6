import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../../../api/meta.ts";
import { others } from "./namespace-content.ts";
import { withoutTraces } from "./node-traces.ts";
import { superfluous } from "./prune.ts";

function object(kind: string, name: string, namespace?: string): KubeObject {
  return { kind, metadata: { name, ...(namespace && { namespace }) } };
}

test("what this version does not have is superfluous, in its own places only", () => {
  const wanted = [object("Role", "a", "vmpod"), object("ClusterRole", "b")];
  const found = [
    object("Role", "a", "vmpod"),
    object("Role", "old", "vmpod"),
    object("Role", "a", "kube-system"),
    object("Role", "old", "somebody-elses"),
    object("ClusterRole", "b"),
    object("ClusterRole", "old"),
  ];
  assert.deepEqual(
    superfluous(found, wanted, "vmpod").map(({ kind, metadata }) => [kind, metadata?.namespace, metadata?.name]),
    [
      ["Role", "vmpod", "old"],
      ["Role", "kube-system", "a"],
      ["ClusterRole", undefined, "old"],
    ],
  );
});

test("of a node only what is of our domains is removed", () => {
  const labels = {
    "kubevirt.io/schedulable": "true",
    "cpu-model.node.kubevirt.io/Haswell": "true",
    "kubernetes.io/os": "linux",
    "notkubevirt.io/x": "1",
    machines: "yes",
  };
  assert.deepEqual(withoutTraces({ metadata: { labels, annotations: { "vmpod.dev/agent-endpoint": "x" } } }), {
    metadata: {
      labels: { "kubevirt.io/schedulable": null, "cpu-model.node.kubevirt.io/Haswell": null },
      annotations: { "vmpod.dev/agent-endpoint": null },
    },
  });
  assert.equal(withoutTraces({ metadata: { labels: { machines: "yes" } } }), undefined);
});

test("a namespace with things of others in it is recognised", () => {
  const usual = [
    object("ConfigMap", "kube-root-ca.crt"),
    object("Secret", "default-token-8wlq8"),
    object("Secret", "vmpod-agent-token-bsvsf"),
    object("Secret", "vmpod-ca"),
    { ...object("Pod", "vmpod-agent-x"), metadata: { name: "p", deletionTimestamp: "2026-01-01T00:00:00Z" } },
  ];
  assert.deepEqual(others(usual), []);
  const pull = object("Secret", "registry-login");
  assert.deepEqual(others([...usual, pull]), [pull]);
});
