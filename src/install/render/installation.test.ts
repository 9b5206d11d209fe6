import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from "../../../api/admissionregistration.ts";
import type { DaemonSet, Deployment } from "../../../api/apps.ts";
import type { PodSpec } from "../../../api/core.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { resourceOf } from "../cluster/kinds.ts";
import { portableFeatures } from "../features.ts";
import { defaultSettings, type InstallSettings } from "../settings.ts";
import { renderInstallation, stages } from "./installation.ts";
import { isOwn } from "./metadata.ts";

function render(settings: Partial<InstallSettings> = {}, features = portableFeatures): KubeObject[] {
  const installation = renderInstallation({ ...defaultSettings, ...settings }, features);
  return stages.flatMap((stage) => installation[stage]);
}

function find(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.find((each) => each.kind === kind && each.metadata?.name === name);
  assert.ok(found, `${kind} ${name}`);
  return found;
}

const podSpecs = (objects: readonly KubeObject[]): [name: string, spec: PodSpec][] =>
  objects
    .filter(({ kind }) => kind === "Deployment" || kind === "DaemonSet")
    .map((each) => [each.metadata?.name ?? "", (each as Deployment).spec?.template.spec as PodSpec]);

test("every object is of a known kind, is ours, and stands once", () => {
  const objects = render();
  for (const object of objects) {
    assert.ok(resourceOf(object));
    assert.ok(isOwn(object), `${object.kind} ${object.metadata?.name}`);
  }
  const names = objects.map(({ kind, metadata }) => `${kind} ${metadata?.namespace} ${metadata?.name}`);
  assert.equal(new Set(names).size, names.length);
});

test("in another namespace nothing names the usual one", () => {
  const installation = renderInstallation({ ...defaultSettings, namespace: "elsewhere" }, portableFeatures);
  const text = JSON.stringify(stages.filter((stage) => stage !== "definitions").map((stage) => installation[stage]));
  assert.doesNotMatch(text, /"namespace":"vmpod"|--namespace=vmpod/);
});

test("controller and API extension satisfy Pod Security's level restricted", () => {
  for (const [name, spec] of podSpecs(render()).filter(([name]) => name !== "vmpod-agent")) {
    assert.equal(spec.securityContext?.runAsNonRoot, true, name);
    assert.deepEqual(spec.securityContext?.seccompProfile, { type: "RuntimeDefault" });
    assert.ok(!spec.hostNetwork && !spec.hostPID && !spec.hostIPC);
    assert.ok(spec.volumes?.every(({ secret }) => secret !== undefined) ?? true);
    for (const { securityContext } of spec.containers) {
      assert.deepEqual(securityContext, {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
      });
    }
  }
});

test("every mount has its volume, every probe a port of its container", () => {
  for (const [name, { containers, volumes = [] }] of podSpecs(render({ kubeletRoot: "/var/snap/kubelet" }))) {
    for (const { volumeMounts = [], ports = [], livenessProbe, readinessProbe } of containers) {
      const mounted = volumeMounts.map((each) => each.name).toSorted();
      assert.deepEqual(mounted, volumes.map((each) => each.name).toSorted(), name);
      for (const probe of [livenessProbe, readinessProbe]) assert.equal(probe?.httpGet?.port, ports[0]?.containerPort);
    }
  }
});

test("a kubelet root of its own is mounted where it is, and device plugins where every kubelet looks for them", () => {
  const mounts = (kubeletRoot: string) =>
    (
      find(render({ kubeletRoot }), "DaemonSet", "vmpod-agent") as DaemonSet
    ).spec?.template.spec?.containers[0]?.volumeMounts
      ?.filter(({ mountPath }) => mountPath.includes("kubelet"))
      .map(({ mountPath, mountPropagation }) => [mountPath, mountPropagation]);
  assert.deepEqual(mounts("/var/lib/kubelet"), [["/var/lib/kubelet", "Bidirectional"]]);
  assert.deepEqual(mounts("/var/snap/kubelet"), [
    ["/var/snap/kubelet", "Bidirectional"],
    ["/var/lib/kubelet/device-plugins", undefined],
  ]);
});

test("settings reach the pods", () => {
  const objects = render({ imagePullSecrets: ["login"], nodeSelector: { machines: "yes" }, logLevel: "debug" });
  for (const [name, spec] of podSpecs(objects)) {
    assert.deepEqual(spec.imagePullSecrets, [{ name: "login" }]);
    assert.ok(spec.containers[0]?.args?.includes("--log-level=debug"), name);
    assert.equal(spec.nodeSelector?.["machines"], name === "vmpod-agent" ? "yes" : undefined);
  }
});

test("without vmpod nobody changes machines, and everything else goes on", () => {
  const objects = render();
  const { webhooks: defaulting = [] } = find(
    objects,
    "MutatingWebhookConfiguration",
    "vmpod",
  ) as MutatingWebhookConfiguration;
  const { webhooks: validating = [] } = find(
    objects,
    "ValidatingWebhookConfiguration",
    "vmpod",
  ) as ValidatingWebhookConfiguration;
  for (const { failurePolicy, rules = [], timeoutSeconds = 10, clientConfig } of [...defaulting, ...validating]) {
    const groups = rules.flatMap(({ apiGroups = [] }) => apiGroups);
    const isOurs = groups.every((group) => group.endsWith("kubevirt.io"));
    assert.equal(failurePolicy, isOurs ? "Fail" : "Ignore");
    if (!isOurs) assert.ok(timeoutSeconds <= 5);
    // The controller's.
    assert.ok(!("caBundle" in clientConfig));
  }
});

test("match conditions are there only where they are known", () => {
  const conditions = (webhookMatchConditions: boolean) =>
    (
      find(
        render({}, { ...portableFeatures, webhookMatchConditions }),
        "ValidatingWebhookConfiguration",
        "vmpod",
      ) as ValidatingWebhookConfiguration
    ).webhooks?.flatMap(({ matchConditions = [] }) => matchConditions.map(({ expression }) => expression));
  assert.deepEqual(conditions(false), []);
  assert.deepEqual(conditions(true), ['request.name.startsWith("virt-launcher-")']);
});

test("the policy group's version is the cluster's", () => {
  const budgets = render({}, { ...portableFeatures, policyVersion: "v1beta1" }).filter(
    ({ kind }) => kind === "PodDisruptionBudget",
  );
  assert.deepEqual(
    budgets.map(({ apiVersion }) => apiVersion),
    ["policy/v1beta1", "policy/v1beta1"],
  );
});
