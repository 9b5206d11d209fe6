/**
 * Every pod runs as a ServiceAccount, `default` unless it says otherwise, and gets its token, the cluster's
 * authority and its namespace under /var/run/secrets/kubernetes.io/serviceaccount.
 */
import { randomInt } from "node:crypto";
import type { AdmissionPlugin, AdmissionRequest } from "../../../api/admission.ts";
import { pods, serviceAccounts } from "../../../api/core.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { isStatus, StatusError } from "../../base/errors.ts";
import { ensure, field, fill, list, text } from "../registry/field.ts";
import type { Registry } from "../registry/registry.ts";
import type { Objects } from "../storage/objects.ts";
import { newMeta } from "../verbs/new-meta.ts";

const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const tokenSeconds = 3607;

export function createServiceAccountAdmission(objects: Objects, registry: Registry): AdmissionPlugin {
  return {
    name: "ServiceAccount",
    matches: ({ resource, operation, subresource }) =>
      resource.group === "" && resource.plural === pods.plural && operation === "CREATE" && subresource === "",
    async mutate(request) {
      const pod = request.object ?? {};
      const spec = ensure(pod, "spec");
      fill(spec, "serviceAccountName", "default");
      spec["serviceAccount"] = spec["serviceAccountName"];
      const account = await findAccount(objects, registry, request, text(spec, "serviceAccountName"));
      if (list(spec, "imagePullSecrets").length === 0 && field(account, "imagePullSecrets"))
        spec["imagePullSecrets"] = field(account, "imagePullSecrets");
      const wants =
        field(spec, "automountServiceAccountToken") ?? field(account, "automountServiceAccountToken") ?? true;
      if (wants === true) mountToken(spec);
      return pod;
    },
  };
}

async function findAccount(
  objects: Objects,
  registry: Registry,
  request: AdmissionRequest,
  name: string,
): Promise<KubeObject> {
  const namespace = request.namespace ?? "";
  const known = await objects.find(serviceAccounts, namespace, name);
  if (known) return known.object;
  const kind = registry.findAny(serviceAccounts.group, serviceAccounts.plural);
  // The namespace may be so new that its controller has not furnished it yet.
  if (name === "default" && kind) {
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace, ...newMeta() } };
    try {
      return (await objects.create(kind, account)).object;
    } catch (error) {
      if (!isStatus(error, "AlreadyExists")) throw error;
      return (await objects.get(kind, namespace, name)).object;
    }
  }
  const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
  throw new StatusError("Forbidden", `pods "${request.name}" is forbidden: ${why}`, {
    name: request.name,
    kind: "pods",
  });
}

function mountToken(spec: Record<string, unknown>): void {
  const containers = [...list(spec, "initContainers"), ...list(spec, "containers")];
  const lacking = containers.filter(
    (each) => !list(each, "volumeMounts").some((mount) => text(mount, "mountPath") === mountPath),
  );
  if (lacking.length === 0) return;
  const volume = tokenVolume();
  spec["volumes"] = [...list(spec, "volumes"), volume];
  for (const container of lacking)
    container["volumeMounts"] = [...list(container, "volumeMounts"), { name: volume.name, readOnly: true, mountPath }];
}

const letters = "bcdfghjklmnpqrstvwxz2456789";

function tokenVolume() {
  const suffix = Array.from({ length: 5 }, () => letters[randomInt(letters.length)] ?? "").join("");
  const namespaceField = { path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } };
  const sources = [
    { serviceAccountToken: { expirationSeconds: tokenSeconds, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    { downwardAPI: { items: [namespaceField] } },
  ];
  return { name: `kube-api-access-${suffix}`, projected: { defaultMode: 0o644, sources } };
}
