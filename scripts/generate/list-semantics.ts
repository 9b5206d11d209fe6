/**
 * How lists and maps of Kubernetes' kinds merge: the markers of the Go types (`+listType`, `+listMapKey`,
 * `+patchStrategy`, `+patchMergeKey`, `+structType=atomic`), which TypeScript types lack.
 *
 * A line reads `Type.field: merge key of strategic merge patch | list map keys of server-side apply`; either
 * side may be missing. Lists that are not named are atomic.
 */
import type { Definitions, Schema } from "../../src/apimachinery/schema/schema.ts";

const keyedLists = `
meta.v1.ObjectMeta.ownerReferences: uid | uid
core.v1.PodSpec.containers: name | name
core.v1.PodSpec.initContainers: name | name
core.v1.PodSpec.ephemeralContainers: name | name
core.v1.PodSpec.volumes: name | name
core.v1.PodSpec.imagePullSecrets: name | name
core.v1.PodSpec.hostAliases: ip | ip
core.v1.PodSpec.topologySpreadConstraints: topologyKey | topologyKey,whenUnsatisfiable
core.v1.PodSpec.schedulingGates: name | name
core.v1.PodSpec.resourceClaims: name | name
core.v1.Container.ports: containerPort | containerPort,protocol
core.v1.Container.env: name | name
core.v1.Container.volumeMounts: mountPath | mountPath
core.v1.Container.volumeDevices: devicePath | devicePath
core.v1.EphemeralContainer.ports: containerPort | containerPort,protocol
core.v1.EphemeralContainer.env: name | name
core.v1.EphemeralContainer.volumeMounts: mountPath | mountPath
core.v1.EphemeralContainer.volumeDevices: devicePath | devicePath
core.v1.ResourceRequirements.claims: | name
core.v1.PodStatus.conditions: type | type
core.v1.PodStatus.podIPs: ip | ip
core.v1.PodStatus.hostIPs: ip |
core.v1.PodStatus.resourceClaimStatuses: name | name
core.v1.ContainerStatus.volumeMounts: mountPath | mountPath
core.v1.ContainerStatus.allocatedResourcesStatus: name | name
core.v1.ServiceSpec.ports: port | port,protocol
core.v1.ServiceStatus.conditions: type | type
core.v1.ServiceAccount.secrets: name | name
core.v1.NodeStatus.conditions: type | type
core.v1.NodeStatus.addresses: type | type
core.v1.NodeSpec.taints: key |
core.v1.NamespaceStatus.conditions: type | type
core.v1.PersistentVolumeClaimStatus.conditions: type | type
core.v1.ReplicationControllerStatus.conditions: type | type
apps.v1.DeploymentStatus.conditions: type | type
apps.v1.ReplicaSetStatus.conditions: type | type
apps.v1.StatefulSetStatus.conditions: type | type
apps.v1.DaemonSetStatus.conditions: type | type
batch.v1.JobStatus.conditions: type |
policy.v1.PodDisruptionBudgetStatus.conditions: type | type
apiextensions.v1.CustomResourceDefinitionStatus.conditions: | type
apiregistration.v1.APIServiceStatus.conditions: type | type
certificates.v1.CertificateSigningRequestStatus.conditions: | type
admissionregistration.v1.ValidatingWebhookConfiguration.webhooks: name | name
admissionregistration.v1.MutatingWebhookConfiguration.webhooks: name | name
`;

/** Plain values that must not repeat. \`merge\`: strategic merge patch adds to them as well. */
const sets = `
meta.v1.ObjectMeta.finalizers: merge
core.v1.NodeSpec.podCIDRs: merge
discovery.v1.Endpoint.addresses:
storage.v1.StorageClass.mountOptions:
`;

/** Volumes and update strategies: a change of their kind drops what belonged to the old one. */
const retainKeys = ["core.v1.PodSpec.volumes", "apps.v1.DeploymentSpec.strategy"];

/** Owned as a whole. */
const atomicTypes = [
  "meta.v1.LabelSelector",
  "core.v1.ConfigMapKeySelector",
  "core.v1.EndpointAddress",
  "core.v1.EndpointPort",
  "core.v1.LocalObjectReference",
  "core.v1.NodeSelector",
  "core.v1.NodeSelectorTerm",
  "core.v1.ObjectFieldSelector",
  "core.v1.ObjectReference",
  "core.v1.ResourceFieldSelector",
  "core.v1.ScopeSelector",
  "core.v1.SecretKeySelector",
  "core.v1.SecretReference",
  "core.v1.TopologySelectorTerm",
  "core.v1.TypedLocalObjectReference",
  "discovery.v1.EndpointPort",
  "meta.v1.OwnerReference",
  "rbac.v1.RoleRef",
  "rbac.v1.Subject",
];

/** Maps owned as a whole. */
const atomicMaps = [
  "core.v1.ServiceSpec.selector",
  "core.v1.PodSpec.nodeSelector",
  "core.v1.ReplicationControllerSpec.selector",
];

/** Changes the definitions in place. @throws Error for a line that names no field */
export function addListSemantics(definitions: Definitions): void {
  const find = fieldFinder(definitions);
  for (const [path, keys] of entries(keyedLists)) addKeys(find(path), keys);
  for (const [path, merge] of entries(sets)) {
    const field = find(path);
    field["x-kubernetes-list-type"] = "set";
    if (merge !== "") field["x-kubernetes-patch-strategy"] = "merge";
  }
  for (const path of retainKeys) {
    const field = find(path);
    const strategy = field["x-kubernetes-patch-strategy"];
    field["x-kubernetes-patch-strategy"] = strategy === undefined ? "retainKeys" : `${strategy},retainKeys`;
  }
  for (const path of atomicMaps) find(path)["x-kubernetes-map-type"] = "atomic";
  const types = byShortName(definitions);
  for (const name of atomicTypes) requireType(types, name)["x-kubernetes-map-type"] = "atomic";
  for (const schema of Object.values(definitions)) markOtherListsAtomic(schema);
}

function addKeys(field: Schema, text: string): void {
  const [mergeKey = "", mapKeys = ""] = text.split("|").map((part) => part.trim());
  if (mergeKey !== "") {
    field["x-kubernetes-patch-strategy"] = "merge";
    field["x-kubernetes-patch-merge-key"] = mergeKey;
  }
  field["x-kubernetes-list-type"] = mapKeys === "" ? "atomic" : "map";
  if (mapKeys !== "") field["x-kubernetes-list-map-keys"] = mapKeys.split(",");
}

function markOtherListsAtomic(schema: Schema): void {
  for (const field of Object.values(schema.properties ?? {})) {
    if (field.type === "array") field["x-kubernetes-list-type"] ??= "atomic";
  }
}

function entries(table: string): [path: string, value: string][] {
  const lines = table.trim().split("\n");
  return lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

/** `core.v1.PodSpec.containers` -> the schema of that field */
export function fieldFinder(definitions: Definitions): (path: string) => Schema {
  const types = byShortName(definitions);
  return (path) => {
    const dot = path.lastIndexOf(".");
    const field = requireType(types, path.slice(0, dot)).properties?.[path.slice(dot + 1)];
    if (field === undefined) throw new Error(`no such field: ${path}`);
    return field;
  };
}

function requireType(types: ReadonlyMap<string, Schema>, name: string): Schema {
  const schema = types.get(name);
  if (schema === undefined) throw new Error(`no such type: ${name}`);
  return schema;
}

function byShortName(definitions: Definitions): Map<string, Schema> {
  return new Map(Object.entries(definitions).map(([name, schema]) => [name.split(".").slice(-3).join("."), schema]));
}
