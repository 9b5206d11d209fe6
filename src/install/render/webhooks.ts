/**
 * Which requests to the cluster's API wait for vmpod's API extension (docs/decisions/0011-webhooks.md says why these). Pure.
 *
 * The controller puts its authority's certificate there: no `caBundle` here, so that applying again leaves it alone.
 */
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from "../../../api/admissionregistration.ts";
import { extensionService, webhookConfiguration } from "../../base/cluster-names.ts";
import type { ClusterFeatures } from "../features.ts";
import type { InstallSettings } from "../settings.ts";

type Webhook = NonNullable<ValidatingWebhookConfiguration["webhooks"]>[number];

const apiVersion = "admissionregistration.k8s.io/v1";
const metadata = { name: webhookConfiguration };

/** Of these we decide, so without us nobody may change them. */
const ownKinds: Omit<Webhook, "name" | "clientConfig"> = {
  failurePolicy: "Fail",
  timeoutSeconds: 10,
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
  matchPolicy: "Equivalent",
  rules: [
    {
      apiGroups: ["kubevirt.io"],
      apiVersions: ["v1", "v1alpha3"],
      operations: ["CREATE", "UPDATE"],
      resources: ["virtualmachines", "virtualmachineinstances", "virtualmachineinstancemigrations"],
      scope: "Namespaced",
    },
  ],
};

/** Nothing is filled in there, nor in what follows. */
const relatedKinds: NonNullable<Webhook["rules"]>[number] = {
  apiGroups: ["kubevirt.io"],
  apiVersions: ["v1", "v1alpha3"],
  operations: ["CREATE", "UPDATE"],
  resources: ["virtualmachineinstancereplicasets", "virtualmachineinstancepresets"],
  scope: "Namespaced",
};

const pools: NonNullable<Webhook["rules"]>[number] = {
  apiGroups: ["pool.kubevirt.io"],
  apiVersions: ["v1beta1", "v1alpha1"],
  operations: ["CREATE", "UPDATE"],
  resources: ["virtualmachinepools"],
  scope: "Namespaced",
};

const migrationPolicies: NonNullable<Webhook["rules"]>[number] = {
  apiGroups: ["migrations.kubevirt.io"],
  apiVersions: ["v1alpha1"],
  operations: ["CREATE", "UPDATE"],
  resources: ["migrationpolicies"],
  scope: "Cluster",
};

const instancetypes: NonNullable<Webhook["rules"]>[number] = {
  apiGroups: ["instancetype.kubevirt.io"],
  apiVersions: ["v1beta1"],
  operations: ["CREATE", "UPDATE"],
  resources: [
    "virtualmachineinstancetypes",
    "virtualmachineclusterinstancetypes",
    "virtualmachinepreferences",
    "virtualmachineclusterpreferences",
  ],
  scope: "*",
};

export function renderMutatingWebhooks({ namespace }: InstallSettings): MutatingWebhookConfiguration {
  const webhook = { name: "defaults.vmpod.dev", clientConfig: clientConfig(namespace, "/mutate"), ...ownKinds };
  return { apiVersion, kind: "MutatingWebhookConfiguration", metadata, webhooks: [webhook] };
}

export function renderValidatingWebhooks(
  { namespace }: InstallSettings,
  features: ClusterFeatures,
): ValidatingWebhookConfiguration {
  const validation = {
    name: "validation.vmpod.dev",
    clientConfig: clientConfig(namespace, "/validate"),
    ...ownKinds,
    rules: [...(ownKinds.rules ?? []), relatedKinds, pools, migrationPolicies, instancetypes],
  };
  return {
    apiVersion,
    kind: "ValidatingWebhookConfiguration",
    metadata,
    webhooks: [validation, evictions(namespace, features)],
  };
}

/** Evictions are of the whole cluster: without us they go their usual way, and are never held up for long. */
function evictions(namespace: string, { webhookMatchConditions }: ClusterFeatures): Webhook {
  return {
    name: "evictions.vmpod.dev",
    clientConfig: clientConfig(namespace, "/validate"),
    failurePolicy: "Ignore",
    timeoutSeconds: 3,
    // An eviction of a machine's pod starts a migration.
    sideEffects: "NoneOnDryRun",
    admissionReviewVersions: ["v1"],
    matchPolicy: "Equivalent",
    rules: [
      {
        apiGroups: [""],
        apiVersions: ["v1"],
        operations: ["CREATE"],
        resources: ["pods/eviction"],
        scope: "Namespaced",
      },
    ],
    ...(webhookMatchConditions && {
      matchConditions: [{ name: "launcher-pod", expression: 'request.name.startsWith("virt-launcher-")' }],
    }),
  };
}

function clientConfig(namespace: string, path: string) {
  return { service: { namespace, name: extensionService, path, port: 443 } };
}
