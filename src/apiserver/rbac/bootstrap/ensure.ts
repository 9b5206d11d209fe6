/** Writes the bootstrap roles and bindings at start; rules that a version added reach existing installations. */
import { clusterRoleBindings, clusterRoles, type PolicyRule } from "../../../../api/rbac.ts";
import { virtualMachineRoles } from "../../../../api/kubevirt/roles.ts";
import type { KubeObject } from "../../../../api/meta.ts";
import { sameJson } from "../../../apimachinery/schema/same-json.ts";
import { InvariantError } from "../../../base/errors.ts";
import { field } from "../../registry/field.ts";
import type { ServedKind } from "../../registry/kind.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Objects } from "../../storage/objects.ts";
import { newMeta } from "../../verbs/new-meta.ts";
import { bootstrapBindings } from "./bindings.ts";
import { componentRoles } from "./component-roles.ts";
import type { BootstrapRole } from "./role.ts";
import { userRoles } from "./user-roles.ts";

const apiVersion = "rbac.authorization.k8s.io/v1";
const bootstrapLabels = { "kubernetes.io/bootstrapping": "rbac-defaults" };
/** An administrator sets it to "false" to keep own changes. */
const autoUpdate = "rbac.authorization.kubernetes.io/autoupdate";

const all: Readonly<Record<string, BootstrapRole>> = { ...userRoles, ...virtualMachineRoles, ...componentRoles };

export async function ensureBootstrapRbac(objects: Objects, registry: Registry): Promise<void> {
  const roleKind = kindOf(registry, clusterRoles.plural);
  const bindingKind = kindOf(registry, clusterRoleBindings.plural);
  await Promise.all([
    ...Object.entries(all).map(([name, role]) => ensureObject(objects, roleKind, roleObject(name, role))),
    ...Object.keys(bootstrapBindings).map((name) => ensureObject(objects, bindingKind, bindingObject(name))),
  ]);
}

function kindOf(registry: Registry, plural: string): ServedKind {
  const kind = registry.findAny(clusterRoles.group, plural);
  if (!kind) throw new InvariantError(`the kind ${plural} is not registered`);
  return kind;
}

function roleObject(name: string, { rules = [], labels, aggregates }: BootstrapRole): KubeObject {
  const aggregationRule = aggregates && { clusterRoleSelectors: [{ matchLabels: { [aggregates]: "true" } }] };
  const role = {
    apiVersion,
    kind: "ClusterRole",
    metadata: { name, labels: { ...bootstrapLabels, ...labels }, annotations: { [autoUpdate]: "true" } },
    ...(aggregationRule && { aggregationRule }),
    rules: aggregates ? aggregatedRules(aggregates) : rules,
  };
  return role;
}

/** All rules of the bootstrap roles with the label, also through roles that are aggregates themselves. */
function aggregatedRules(label: string): PolicyRule[] {
  const members = Object.values(all).filter((role) => role.labels?.[label] === "true");
  return members.flatMap((role) => [
    ...(role.rules ?? []),
    ...(role.aggregates ? aggregatedRules(role.aggregates) : []),
  ]);
}

function bindingObject(name: string): KubeObject {
  const { role, users = [], groups = [] } = bootstrapBindings[name] ?? { role: name };
  const apiGroup = "rbac.authorization.k8s.io";
  const binding = {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name, labels: bootstrapLabels, annotations: { [autoUpdate]: "true" } },
    roleRef: { apiGroup, kind: "ClusterRole", name: role },
    subjects: [
      ...users.map((user) => ({ kind: "User", apiGroup, name: user })),
      ...groups.map((group) => ({ kind: "Group", apiGroup, name: group })),
    ],
  };
  return binding;
}

async function ensureObject(objects: Objects, kind: ServedKind, wanted: KubeObject): Promise<void> {
  const name = wanted.metadata?.name ?? "";
  const known = await objects.find(kind, undefined, name);
  if (!known) return void (await objects.create(kind, { ...wanted, metadata: { ...wanted.metadata, ...newMeta() } }));
  if (known.object.metadata?.annotations?.[autoUpdate] !== "true") return;
  await objects.update(kind, { namespace: undefined, name }, (current) => {
    // Aggregated rules follow the cluster's roles, not only ours.
    const kept = field(wanted, "aggregationRule") ? { rules: field(current, "rules") } : {};
    const labels = { ...current.metadata?.labels, ...wanted.metadata?.labels };
    const next = { ...current, ...wanted, ...kept, metadata: { ...current.metadata, labels } };
    return sameJson(next, current) ? undefined : next;
  });
}
