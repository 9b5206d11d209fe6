import assert from "node:assert/strict";
import { test } from "node:test";
import type { APIService } from "../../../api/apiregistration.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { ownLabels } from "../render/metadata.ts";
import { findForeign, isForeignImporters, refuseForeign, type Survey } from "./foreign.ts";

const nothing: Survey = {
  served: { groups: [] },
  definitions: [],
  kubeVirts: [],
  deployments: [],
  apiServices: [],
  webhooks: [],
};

function named(kind: string, name: string, namespace?: string, labels: Record<string, string> = {}): KubeObject {
  return { kind, metadata: { name, ...(namespace && { namespace }), labels } };
}

const own = { ...ownLabels };
const helms = { ...ownLabels, "app.kubernetes.io/managed-by": "Helm" };
const kind = "CustomResourceDefinition";

function apiService(namespace: string, name: string): APIService {
  const spec = { group: "subresources.kubevirt.io", version: "v1", groupPriorityMinimum: 1, versionPriority: 1 };
  return { metadata: { name: "v1.subresources.kubevirt.io" }, spec: { ...spec, service: { namespace, name } } };
}

const ours: Survey = {
  ...nothing,
  served: { groups: [{ name: "subresources.kubevirt.io", versions: [] }] },
  definitions: [named(kind, "virtualmachines.kubevirt.io", undefined, own)],
  kubeVirts: [named("KubeVirt", "kubevirt", "vmpod")],
  deployments: [named("Deployment", "vmpod-controller", "vmpod", own)],
  apiServices: [apiService("vmpod", "vmpod-api-extension")],
};

test("an empty cluster, and one that has our own installation, may be installed into", () => {
  refuseForeign(nothing, "vmpod");
  refuseForeign(ours, "vmpod");
});

const upstream: [what: string, survey: Partial<Survey>, found: string[]][] = [
  [
    "components",
    { deployments: [named("Deployment", "virt-operator", "kubevirt"), named("Deployment", "virt-api", "kubevirt")] },
    ["Deployment kubevirt/virt-operator", "Deployment kubevirt/virt-api"],
  ],
  [
    "kinds that were left",
    { definitions: [named(kind, "virtualmachines.kubevirt.io")] },
    ["CustomResourceDefinition virtualmachines.kubevirt.io"],
  ],
  [
    "its resource, with its kind",
    { definitions: [named(kind, "kubevirts.kubevirt.io")], kubeVirts: [named("KubeVirt", "kubevirt", "kubevirt")] },
    ["CustomResourceDefinition kubevirts.kubevirt.io", "KubeVirt kubevirt/kubevirt"],
  ],
  [
    "its API service",
    { apiServices: [apiService("kubevirt", "virt-api")] },
    ["APIService v1.subresources.kubevirt.io, which points to Service kubevirt/virt-api"],
  ],
  [
    "a webhook that was left",
    { webhooks: [named("MutatingWebhookConfiguration", "virt-api-mutator")] },
    ["MutatingWebhookConfiguration virt-api-mutator"],
  ],
];

for (const [what, survey, found] of upstream) {
  test(`upstream's KubeVirt is recognised by ${what}`, () => {
    assert.deepEqual(findForeign({ ...nothing, ...survey }, "vmpod"), found);
    assert.throws(() => refuseForeign({ ...nothing, ...survey }, "vmpod"), {
      name: "ForeignInstallation",
      message: new RegExp(`${found[0]?.replaceAll(/[.()]/g, "\\$&")}[^]*Remove it first`),
    });
  });
}

test("an importer's kinds are left to it, and no reason to refuse", () => {
  const definition = named(kind, "datavolumes.cdi.kubevirt.io");
  refuseForeign({ ...nothing, definitions: [definition] }, "vmpod");
  assert.ok(isForeignImporters(definition));
  assert.ok(!isForeignImporters(named(kind, "datavolumes.cdi.kubevirt.io", undefined, own)));
});

test("a vmpod elsewhere, Helm's, and the embedded one are told apart", () => {
  assert.throws(() => refuseForeign(ours, "other"), /in namespace vmpod: pass --namespace vmpod/);
  const deployments = [named("Deployment", "vmpod-controller", "vmpod", helms)];
  assert.throws(() => refuseForeign({ ...ours, deployments }, "vmpod"), /installed by Helm: use `helm upgrade`/);
  assert.throws(() => refuseForeign({ ...nothing, served: ours.served }, "vmpod"), /API server of `vmpod up`/);
});
