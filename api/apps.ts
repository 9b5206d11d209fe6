/** The kinds of the `apps` group. */
import type * as models from "kubernetes-models/apps/v1";
import type { Kind, Resource } from "./meta.ts";

export interface Deployment extends Kind<models.IDeployment> {}
export interface ReplicaSet extends Kind<models.IReplicaSet> {}
export interface StatefulSet extends Kind<models.IStatefulSet> {}
export interface DaemonSet extends Kind<models.IDaemonSet> {}
export interface ControllerRevision extends Kind<models.IControllerRevision> {}

export type DeploymentSpec = models.IDeploymentSpec;
export type DeploymentStatus = models.IDeploymentStatus;
export type DeploymentCondition = models.IDeploymentCondition;
export type DeploymentStrategy = models.IDeploymentStrategy;
export type RollingUpdateDeployment = models.IRollingUpdateDeployment;
export type ReplicaSetSpec = models.IReplicaSetSpec;
export type ReplicaSetStatus = models.IReplicaSetStatus;
export type ReplicaSetCondition = models.IReplicaSetCondition;

export const deployments: Resource<Deployment> = {
  group: "apps",
  version: "v1",
  plural: "deployments",
  kind: "Deployment",
  namespaced: true,
};
export const replicaSets: Resource<ReplicaSet> = {
  group: "apps",
  version: "v1",
  plural: "replicasets",
  kind: "ReplicaSet",
  namespaced: true,
};
export const statefulSets: Resource<StatefulSet> = {
  group: "apps",
  version: "v1",
  plural: "statefulsets",
  kind: "StatefulSet",
  namespaced: true,
};
export const daemonSets: Resource<DaemonSet> = {
  group: "apps",
  version: "v1",
  plural: "daemonsets",
  kind: "DaemonSet",
  namespaced: true,
};
export const controllerRevisions: Resource<ControllerRevision> = {
  group: "apps",
  version: "v1",
  plural: "controllerrevisions",
  kind: "ControllerRevision",
  namespaced: true,
};
