/**
 * What vmpod's own pods may do in the API: no more than what they call. Who takes one of them over gets these rights. Pure.
 *
 * Nobody reads Secrets of users: a node agent puts into a cloud-init medium what a machine's spec names, but gets it from the kubelet,
 * to which alone Kubernetes can say "those that pods of this node use".
 */
import type { ServiceAccount } from "../../../api/core.ts";
import { everybodysRoles, virtualMachineRoles } from "../../../api/kubevirt/roles.ts";
import { read, rule } from "../../../api/policy-rules.ts";
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from "../../../api/rbac.ts";
import { extensionApiServices, serviceAccounts, webhookConfiguration } from "../../base/cluster-names.ts";
import type { InstallSettings } from "../settings.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";
const apiGroup = "rbac.authorization.k8s.io";

const events = rule("", "events", ["create", "patch"]);
const configuration = rule("kubevirt.io", "kubevirts", read);

/** What machines are made of: the originals, and the copies that pin them. */
const readInstancetypes: PolicyRule[] = [
  rule(
    "instancetype.kubevirt.io",
    "virtualmachineinstancetypes virtualmachineclusterinstancetypes virtualmachinepreferences virtualmachineclusterpreferences",
    ["get"],
  ),
  rule("apps", "controllerrevisions", ["get"]),
];

/** Who scrapes, and whether he may. */
const reviews: PolicyRule[] = [
  rule("authentication.k8s.io", "tokenreviews", ["create"]),
  rule("authorization.k8s.io", "subjectaccessreviews", ["create"]),
];

const controllerRules: PolicyRule[] = [
  events,
  ...reviews,
  configuration,
  // Created and deleted for pools.
  rule("kubevirt.io", "virtualmachines", [...read, "create", "update", "patch", "delete"]),
  rule("kubevirt.io", "virtualmachineinstances", [...read, "create", "update", "patch", "delete"]),
  // Created to empty a node; who wants one of them aborted deletes it, and then its finalizer is taken away.
  rule("kubevirt.io", "virtualmachineinstancemigrations", [...read, "create", "update", "patch"]),
  rule("kubevirt.io", "virtualmachineinstancereplicasets", read),
  rule("pool.kubevirt.io", "virtualmachinepools", read),
  rule("pool.kubevirt.io", "virtualmachinepools/status virtualmachinepools/finalizers", ["update"]),
  // A pool keeps what was made for a machine that it removes.
  rule("cdi.kubevirt.io", "datavolumes", ["list", "patch"]),
  rule(
    "kubevirt.io",
    "virtualmachines/status virtualmachineinstances/status virtualmachineinstancemigrations/status virtualmachineinstancereplicasets/status kubevirts/status",
    ["update"],
  ),
  // To be the owner that an object's deletion waits for.
  rule(
    "kubevirt.io",
    "virtualmachines/finalizers virtualmachineinstances/finalizers virtualmachineinstancemigrations/finalizers virtualmachineinstancereplicasets/finalizers",
    ["update"],
  ),
  rule("migrations.kubevirt.io", "migrationpolicies", ["list"]),
  ...readInstancetypes,
  // Those that come with vmpod.
  rule("instancetype.kubevirt.io", "virtualmachineclusterinstancetypes virtualmachineclusterpreferences", [
    "list",
    "create",
    "update",
    "delete",
  ]),
  // Copies of what machines are made of.
  rule("apps", "controllerrevisions", ["list", "watch", "create"]),
  // Where limits are counted, launchers have some.
  rule("", "resourcequotas", read),
  // Policies select by the labels of a machine's namespace, too.
  rule("", "namespaces", ["get"]),
  rule("", "pods", [...read, "create", "delete", "patch"]),
  // Machines that are to come to a newer launcher, and cannot migrate.
  rule("", "pods/eviction", ["create"]),
  // That no drain stops a machine that is to be moved.
  rule("policy", "poddisruptionbudgets", [...read, "create", "update", "delete"]),
  // The readiness gate: a paused machine is not ready.
  rule("", "pods/status", ["patch"]),
  // One for the TPM and the EFI variables of a machine that keeps them.
  rule("", "persistentvolumeclaims", [...read, "create"]),
  // Nodes whose agent is silent are marked: they get no more machines.
  rule("", "nodes", [...read, "patch"]),
  rule(
    "admissionregistration.k8s.io",
    "mutatingwebhookconfigurations validatingwebhookconfigurations",
    [...read, "update"],
    [webhookConfiguration],
  ),
  rule("apiregistration.k8s.io", "apiservices", [...read, "update"], extensionApiServices),
];

/** In vmpod's own namespace. */
const controllerLocalRules: PolicyRule[] = [
  rule("coordination.k8s.io", "leases", ["get", "create", "update"]),
  // Certificates.
  rule("", "secrets", [...read, "create", "update", "delete"]),
  // How far vmpod itself is, for the KubeVirt resource's status.
  rule("apps", "deployments daemonsets", read),
];

const extensionRules: PolicyRule[] = [
  configuration,
  rule("kubevirt.io", "virtualmachines", ["get", "update"]),
  rule("kubevirt.io", "virtualmachines/status", ["update"]),
  rule("kubevirt.io", "virtualmachineinstances", ["get", "patch"]),
  // What an instance gets when it is made.
  rule("kubevirt.io", "virtualmachineinstancepresets", ["list"]),
  // At an eviction, the node that the guest must leave.
  rule("kubevirt.io", "virtualmachineinstances/status", ["patch"]),
  rule("kubevirt.io", "virtualmachineinstancemigrations", ["get", "list", "create"]),
  rule("", "nodes pods", ["get"]),
  // The launchers of a machine, for its object graph.
  rule("", "pods", ["list"]),
  ...readInstancetypes,
  // The labels that say of what a machine with this volume is to be made.
  rule("", "persistentvolumeclaims", ["get"]),
  rule("cdi.kubevirt.io", "datavolumes datasources", ["get"]),
];

const agentRules: PolicyRule[] = [
  events,
  ...reviews,
  configuration,
  rule("kubevirt.io", "virtualmachineinstances", read),
  rule("kubevirt.io", "virtualmachineinstances/status", ["update"]),
  // An agent notes there what it measured at its end.
  rule("kubevirt.io", "virtualmachineinstancemigrations", [...read, "patch"]),
  rule("", "pods", read),
  rule("", "nodes", [...read, "patch"]),
  rule("", "persistentvolumeclaims", ["get"]),
];

export function renderServiceAccounts({ namespace }: InstallSettings): ServiceAccount[] {
  return Object.values(serviceAccounts).map((name) => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace },
  }));
}

/** Of people; aggregated into the cluster's admin, edit and view. */
export function renderUserRoles(): (ClusterRole | ClusterRoleBinding)[] {
  const roles = Object.entries(virtualMachineRoles).map(([name, { rules, labels }]) =>
    clusterRole(name, rules, labels ?? {}),
  );
  const everybody = [{ kind: "Group", apiGroup, name: "system:authenticated" }];
  return [...roles, ...everybodysRoles.map((name) => clusterRoleBinding(name, name, everybody))];
}

export function renderComponentRoles({ namespace }: InstallSettings): (ClusterRole | ClusterRoleBinding)[] {
  const { controller, extension, agent } = serviceAccounts;
  const rulesOf: [name: string, rules: PolicyRule[]][] = [
    [controller, controllerRules],
    [extension, extensionRules],
    [agent, agentRules],
  ];
  return [
    ...rulesOf.flatMap(([name, rules]) => [
      clusterRole(name, rules),
      clusterRoleBinding(name, name, [account(name, namespace)]),
    ]),
    // To ask who a caller is, and what he may.
    clusterRoleBinding("vmpod-api-extension-auth", "system:auth-delegator", [account(extension, namespace)]),
  ];
}

export function renderLocalRoles({ namespace }: InstallSettings): (Role | RoleBinding)[] {
  const { controller, extension } = serviceAccounts;
  return [
    { apiVersion, kind: "Role", metadata: { name: controller, namespace }, rules: controllerLocalRules },
    {
      apiVersion,
      kind: "RoleBinding",
      metadata: { name: controller, namespace },
      roleRef: { apiGroup, kind: "Role", name: controller },
      subjects: [account(controller, namespace)],
    },
    // Whom the cluster's front proxy is to be believed.
    {
      apiVersion,
      kind: "RoleBinding",
      metadata: { name: extension, namespace: "kube-system" },
      roleRef: { apiGroup, kind: "Role", name: "extension-apiserver-authentication-reader" },
      subjects: [account(extension, namespace)],
    },
  ];
}

function clusterRole(name: string, rules: readonly PolicyRule[], labels: Readonly<Record<string, string>> = {}) {
  return { apiVersion, kind: "ClusterRole", metadata: { name, labels: { ...labels } }, rules: [...rules] };
}

function clusterRoleBinding(name: string, role: string, subjects: ClusterRoleBinding["subjects"]) {
  const roleRef = { apiGroup, kind: "ClusterRole", name: role };
  return { apiVersion, kind: "ClusterRoleBinding", metadata: { name }, roleRef, subjects };
}

function account(name: string, namespace: string) {
  return { kind: "ServiceAccount", name, namespace };
}
