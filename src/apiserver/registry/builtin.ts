/** The built-in kinds, in the order in which discovery shows them. */
import * as admission from "../../../api/admissionregistration.ts";
import { customResourceDefinitions } from "../../../api/apiextensions.ts";
import { apiServices } from "../../../api/apiregistration.ts";
import * as apps from "../../../api/apps.ts";
import * as batch from "../../../api/batch.ts";
import { certificateSigningRequests } from "../../../api/certificates.ts";
import { leases } from "../../../api/coordination.ts";
import * as core from "../../../api/core.ts";
import { endpointSlices } from "../../../api/discovery.ts";
import { events } from "../../../api/events.ts";
import * as networking from "../../../api/networking.ts";
import { podDisruptionBudgets } from "../../../api/policy.ts";
import * as rbac from "../../../api/rbac.ts";
import { priorityClasses } from "../../../api/scheduling.ts";
import * as storage from "../../../api/storage.ts";
import * as cluster from "../table/cluster.ts";
import { podColumns } from "../table/pods.ts";
import * as service from "../table/services.ts";
import * as workload from "../table/workloads.ts";
import { define } from "./define.ts";
import { eventConversion } from "./events.ts";
import type { ServedKind } from "./kind.ts";

const all = ["all"];
const replicaScale = {
  specReplicasPath: ".spec.replicas",
  statusReplicasPath: ".status.replicas",
  labelSelectorPath: ".spec.selector",
};

const coreKinds: ServedKind[] = [
  define(core.namespaces, {
    shortNames: ["ns"],
    status: true,
    verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
    allColumns: cluster.namespaceColumns,
  }),
  define(core.nodes, { shortNames: ["no"], status: "with-metadata", allColumns: cluster.nodeColumns }),
  define(core.pods, { shortNames: ["po"], categories: all, status: "with-metadata", allColumns: podColumns }),
  define(core.services, { shortNames: ["svc"], categories: all, status: true, allColumns: service.serviceColumns }),
  define(core.endpoints, { singular: "endpoints", shortNames: ["ep"], allColumns: service.endpointsColumns }),
  define(core.configMaps, { shortNames: ["cm"], allColumns: cluster.configMapColumns }),
  define(core.secrets, { allColumns: cluster.secretColumns }),
  define(core.serviceAccounts, { shortNames: ["sa"], allColumns: cluster.serviceAccountColumns }),
  define(core.persistentVolumes, { shortNames: ["pv"], status: true, allColumns: cluster.volumeColumns }),
  define(core.persistentVolumeClaims, { shortNames: ["pvc"], status: true, allColumns: cluster.claimColumns }),
  define(core.events, { shortNames: ["ev"], allColumns: cluster.eventColumns }),
  define(core.podTemplates),
  define(core.limitRanges, { shortNames: ["limits"] }),
  define(core.resourceQuotas, { shortNames: ["quota"], status: true }),
  define(core.replicationControllers, {
    shortNames: ["rc"],
    categories: all,
    status: true,
    generation: true,
    scale: replicaScale,
    allColumns: workload.replicaSetColumns,
  }),
];

const workloadKinds: ServedKind[] = [
  define(apps.deployments, {
    shortNames: ["deploy"],
    categories: all,
    status: true,
    generation: true,
    scale: replicaScale,
    allColumns: workload.deploymentColumns,
  }),
  define(apps.replicaSets, {
    shortNames: ["rs"],
    categories: all,
    status: true,
    generation: true,
    scale: replicaScale,
    allColumns: workload.replicaSetColumns,
  }),
  define(apps.statefulSets, {
    shortNames: ["sts"],
    categories: all,
    status: true,
    generation: true,
    scale: replicaScale,
    allColumns: workload.statefulSetColumns,
  }),
  define(apps.daemonSets, {
    shortNames: ["ds"],
    categories: all,
    status: true,
    generation: true,
    allColumns: workload.daemonSetColumns,
  }),
  define(apps.controllerRevisions),
  define(batch.jobs, { categories: all, status: true, generation: true, allColumns: workload.jobColumns }),
  define(batch.cronJobs, {
    shortNames: ["cj"],
    categories: all,
    status: true,
    generation: true,
    allColumns: workload.cronJobColumns,
  }),
];

const clusterKinds: ServedKind[] = [
  define(rbac.roles, { allColumns: cluster.roleColumns }),
  define(rbac.roleBindings, { allColumns: cluster.bindingColumns }),
  define(rbac.clusterRoles, { allColumns: cluster.roleColumns }),
  define(rbac.clusterRoleBindings, { allColumns: cluster.bindingColumns }),
  define(leases, { allColumns: cluster.leaseColumns }),
  define(endpointSlices, { allColumns: service.endpointSliceColumns }),
  define(events, {
    storedAs: core.events,
    conversion: eventConversion,
    allColumns: cluster.eventColumns,
  }),
  define(networking.networkPolicies, {
    shortNames: ["netpol"],
    generation: true,
    allColumns: service.networkPolicyColumns,
  }),
  define(networking.ingresses, {
    shortNames: ["ing"],
    status: true,
    generation: true,
    allColumns: service.ingressColumns,
  }),
  define(podDisruptionBudgets, {
    shortNames: ["pdb"],
    status: true,
    generation: true,
    allColumns: cluster.disruptionBudgetColumns,
  }),
  define(priorityClasses, { shortNames: ["pc"], allColumns: cluster.priorityClassColumns }),
  define(storage.storageClasses, { shortNames: ["sc"], allColumns: cluster.storageClassColumns }),
  define(storage.csiDrivers),
  define(storage.csiNodes),
  define(storage.volumeAttachments, { status: true }),
  define(certificateSigningRequests, { shortNames: ["csr"], status: true }),
  define(admission.validatingWebhookConfigurations, { categories: ["api-extensions"], generation: true }),
  define(admission.mutatingWebhookConfigurations, { categories: ["api-extensions"], generation: true }),
  define(customResourceDefinitions, {
    shortNames: ["crd", "crds"],
    categories: ["api-extensions"],
    status: true,
    generation: true,
    allColumns: cluster.definitionColumns,
  }),
  define(apiServices, { categories: ["api-extensions"], status: true }),
];

export const builtinKinds: readonly ServedKind[] = [...coreKinds, ...workloadKinds, ...clusterKinds];
