/**
 * Defaults of Kubernetes' kinds that depend on nothing but the field itself (the `SetDefaults_*` functions of
 * its Go code). Those that look at other fields (`imagePullPolicy`, `targetPort`) are the API server's.
 */
import type { Definitions } from "../../src/apimachinery/schema/schema.ts";
import { fieldFinder } from "./list-semantics.ts";

const probe = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
const container = { terminationMessagePath: "/dev/termination-log", terminationMessagePolicy: "File" };

const defaults: Record<string, Record<string, unknown>> = {
  "core.v1.PodSpec": {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    terminationGracePeriodSeconds: 30,
    schedulerName: "default-scheduler",
    securityContext: {},
    enableServiceLinks: true,
  },
  "core.v1.Container": { ...container, resources: {} },
  "core.v1.EphemeralContainer": container,
  "core.v1.ContainerPort": { protocol: "TCP" },
  "core.v1.Probe": probe,
  "core.v1.HTTPGetAction": { path: "/", scheme: "HTTP" },
  "core.v1.GRPCAction": { service: "" },
  "core.v1.ObjectFieldSelector": { apiVersion: "v1" },
  "core.v1.SecretVolumeSource": { defaultMode: 0o644 },
  "core.v1.ConfigMapVolumeSource": { defaultMode: 0o644 },
  "core.v1.DownwardAPIVolumeSource": { defaultMode: 0o644 },
  "core.v1.ProjectedVolumeSource": { defaultMode: 0o644 },
  "core.v1.ServiceAccountTokenProjection": { expirationSeconds: 3600 },
  "core.v1.HostPathVolumeSource": { type: "" },
  "core.v1.ServiceSpec": { type: "ClusterIP", sessionAffinity: "None" },
  "core.v1.ServicePort": { protocol: "TCP" },
  "core.v1.EndpointPort": { protocol: "TCP" },
  "core.v1.NamespaceStatus": { phase: "Active" },
  "core.v1.PersistentVolumeSpec": { persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" },
  "core.v1.PersistentVolumeStatus": { phase: "Pending" },
  "core.v1.PersistentVolumeClaimSpec": { volumeMode: "Filesystem" },
  "core.v1.PersistentVolumeClaimStatus": { phase: "Pending" },
  "core.v1.Secret": { type: "Opaque" },
  "apps.v1.DeploymentSpec": {
    replicas: 1,
    strategy: {},
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  },
  "apps.v1.DeploymentStrategy": { type: "RollingUpdate" },
  "apps.v1.ReplicaSetSpec": { replicas: 1 },
  "apps.v1.StatefulSetSpec": { replicas: 1, podManagementPolicy: "OrderedReady", revisionHistoryLimit: 10 },
  "apps.v1.DaemonSetSpec": { revisionHistoryLimit: 10 },
  "batch.v1.JobSpec": { backoffLimit: 6, completionMode: "NonIndexed", suspend: false },
  "discovery.v1.EndpointPort": { protocol: "TCP", name: "" },
  "storage.v1.StorageClass": { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" },
  "rbac.v1.RoleRef": { apiGroup: "rbac.authorization.k8s.io" },
  "apiextensions.v1.CustomResourceDefinitionSpec": { conversion: { strategy: "None" } },
};

/** Changes the definitions in place. */
export function addFieldDefaults(definitions: Definitions): void {
  const find = fieldFinder(definitions);
  for (const [type, fields] of Object.entries(defaults)) {
    for (const [field, value] of Object.entries(fields)) find(`${type}.${field}`).default = value;
  }
}
