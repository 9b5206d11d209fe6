/** Columns of Node, Namespace, volumes, ConfigMap, Secret, ServiceAccount, Event and the like. */
import type { KubeObject } from "../../../api/meta.ts";
import { field, list, number, record, text } from "../registry/field.ts";
import { ageOf } from "./age.ts";
import { ageColumn, type Column, column, nameColumn, wide } from "./column.ts";

export const nodeColumns: Column[] = [
  nameColumn,
  column("Status", nodeStatus),
  column("Roles", nodeRoles),
  ageColumn,
  column("Version", (node) => text(node, "status", "nodeInfo", "kubeletVersion")),
  wide("Internal-IP", (node) => nodeAddress(node, "InternalIP")),
  wide("External-IP", (node) => nodeAddress(node, "ExternalIP")),
  wide("OS-Image", (node) => text(node, "status", "nodeInfo", "osImage") || "<unknown>"),
  wide("Kernel-Version", (node) => text(node, "status", "nodeInfo", "kernelVersion") || "<unknown>"),
  wide("Container-Runtime", (node) => text(node, "status", "nodeInfo", "containerRuntimeVersion") || "<unknown>"),
];

function nodeStatus(node: KubeObject): string {
  const ready = list(node, "status", "conditions").find((each) => each["type"] === "Ready");
  const state = ready === undefined ? "Unknown" : ready["status"] === "True" ? "Ready" : "NotReady";
  return field(node, "spec", "unschedulable") === true ? `${state},SchedulingDisabled` : state;
}

const rolePrefix = "node-role.kubernetes.io/";

function nodeRoles(node: KubeObject): string {
  const labels = Object.keys(record(node, "metadata", "labels"));
  const roles = labels.filter((label) => label.startsWith(rolePrefix)).map((label) => label.slice(rolePrefix.length));
  return (
    roles
      .filter((role) => role !== "")
      .sort()
      .join(",") || "<none>"
  );
}

function nodeAddress(node: KubeObject, type: string): string {
  const address = list(node, "status", "addresses").find((each) => each["type"] === type);
  return text(address, "address") || "<none>";
}

export const namespaceColumns: Column[] = [
  nameColumn,
  column("Status", (namespace) => text(namespace, "status", "phase")),
  ageColumn,
];

export const configMapColumns: Column[] = [
  nameColumn,
  column(
    "Data",
    (map) => Object.keys(record(map, "data")).length + Object.keys(record(map, "binaryData")).length,
    "integer",
  ),
  ageColumn,
];

export const secretColumns: Column[] = [
  nameColumn,
  column("Type", (secret) => text(secret, "type")),
  column("Data", (secret) => Object.keys(record(secret, "data")).length, "integer"),
  ageColumn,
];

export const serviceAccountColumns: Column[] = [
  nameColumn,
  column("Secrets", (account) => list(account, "secrets").length, "integer"),
  ageColumn,
];

const accessModeLetters: Record<string, string> = {
  ReadWriteOnce: "RWO",
  ReadOnlyMany: "ROX",
  ReadWriteMany: "RWX",
  ReadWriteOncePod: "RWOP",
};

function accessModes(object: KubeObject, ...path: string[]): string {
  return list<string>(object, ...path)
    .map((mode) => accessModeLetters[mode] ?? mode)
    .join(",");
}

export const volumeColumns: Column[] = [
  nameColumn,
  column("Capacity", (volume) => text(volume, "spec", "capacity", "storage")),
  column("Access Modes", (volume) => accessModes(volume, "spec", "accessModes")),
  column("Reclaim Policy", (volume) => text(volume, "spec", "persistentVolumeReclaimPolicy")),
  column("Status", (volume) =>
    text(volume, "metadata", "deletionTimestamp") ? "Terminating" : text(volume, "status", "phase"),
  ),
  column("Claim", (volume) => claimOf(volume)),
  column("StorageClass", (volume) => text(volume, "spec", "storageClassName")),
  column("Reason", (volume) => text(volume, "status", "reason")),
  ageColumn,
  wide("VolumeMode", (volume) => text(volume, "spec", "volumeMode") || "<unset>"),
];

function claimOf(volume: KubeObject): string {
  const name = text(volume, "spec", "claimRef", "name");
  return name ? `${text(volume, "spec", "claimRef", "namespace")}/${name}` : "";
}

export const claimColumns: Column[] = [
  nameColumn,
  column("Status", (claim) =>
    text(claim, "metadata", "deletionTimestamp") ? "Terminating" : text(claim, "status", "phase"),
  ),
  column("Volume", (claim) => text(claim, "spec", "volumeName")),
  column("Capacity", (claim) => text(claim, "status", "capacity", "storage")),
  column("Access Modes", (claim) => accessModes(claim, "status", "accessModes")),
  column("StorageClass", (claim) => text(claim, "spec", "storageClassName")),
  ageColumn,
  wide("VolumeMode", (claim) => text(claim, "spec", "volumeMode") || "<unset>"),
];

export const storageClassColumns: Column[] = [
  { ...nameColumn, cell: (object) => storageClassName(object) },
  column("Provisioner", (object) => text(object, "provisioner")),
  column("ReclaimPolicy", (object) => text(object, "reclaimPolicy") || "Delete"),
  column("VolumeBindingMode", (object) => text(object, "volumeBindingMode") || "Immediate"),
  column("AllowVolumeExpansion", (object) => field(object, "allowVolumeExpansion") === true, "boolean"),
  ageColumn,
];

function storageClassName(object: KubeObject): string {
  const isDefault = object.metadata?.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true";
  return `${object.metadata?.name ?? ""}${isDefault ? " (default)" : ""}`;
}

export const eventColumns: Column[] = [
  column("Last Seen", (event) => ageOf(lastSeen(event))),
  column("Type", (event) => text(event, "type")),
  column("Reason", (event) => text(event, "reason")),
  column(
    "Object",
    (event) => `${text(event, "involvedObject", "kind").toLowerCase()}/${text(event, "involvedObject", "name")}`,
  ),
  wide("Subobject", (event) => text(event, "involvedObject", "fieldPath")),
  wide("Source", (event) => text(event, "source", "component") || text(event, "reportingComponent")),
  column("Message", (event) => text(event, "message").trim()),
  wide("First Seen", (event) => ageOf(firstSeen(event))),
  wide("Count", (event) => `${number(event, "series", "count") || number(event, "count") || 1}`),
  { ...nameColumn, priority: 1 },
];

function firstSeen(event: KubeObject): string {
  return text(event, "firstTimestamp") || text(event, "eventTime") || text(event, "metadata", "creationTimestamp");
}

function lastSeen(event: KubeObject): string {
  return text(event, "series", "lastObservedTime") || text(event, "lastTimestamp") || firstSeen(event);
}

export const leaseColumns: Column[] = [
  nameColumn,
  column("Holder", (lease) => text(lease, "spec", "holderIdentity")),
  ageColumn,
];

export const bindingColumns: Column[] = [
  nameColumn,
  column("Role", (binding) => `${text(binding, "roleRef", "kind")}/${text(binding, "roleRef", "name")}`),
  ageColumn,
  wide("Users", (binding) => subjects(binding, "User")),
  wide("Groups", (binding) => subjects(binding, "Group")),
  wide("ServiceAccounts", (binding) => subjects(binding, "ServiceAccount")),
];

function subjects(binding: KubeObject, kind: string): string {
  const chosen = list(binding, "subjects").filter((subject) => subject["kind"] === kind);
  return chosen
    .map((each) => (kind === "ServiceAccount" ? `${text(each, "namespace")}/` : "") + text(each, "name"))
    .join(", ");
}

/** RBAC prints the time of creation instead of an age. */
export const roleColumns: Column[] = [
  nameColumn,
  column("Created At", (role) => text(role, "metadata", "creationTimestamp"), "date"),
];

export const definitionColumns: Column[] = [
  nameColumn,
  column("Created At", (definition) => text(definition, "metadata", "creationTimestamp"), "date"),
];

export const priorityClassColumns: Column[] = [
  nameColumn,
  column("Value", (object) => number(object, "value"), "integer"),
  column("Global-Default", (object) => field(object, "globalDefault") === true, "boolean"),
  ageColumn,
  column("PreemptionPolicy", (object) => text(object, "preemptionPolicy") || "PreemptLowerPriority"),
];

export const disruptionBudgetColumns: Column[] = [
  nameColumn,
  column("Min Available", (object) => text(object, "spec", "minAvailable") || "N/A"),
  column("Max Unavailable", (object) => text(object, "spec", "maxUnavailable") || "N/A"),
  column("Allowed Disruptions", (object) => number(object, "status", "disruptionsAllowed"), "integer"),
  ageColumn,
];
