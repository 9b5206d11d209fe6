/** Which kind has which strategy. */
import { definitionStrategy } from "../../crd/validate.ts";
import type { Strategy } from "../kind.ts";
import {
  bindingStrategy,
  claimStrategy,
  configMapStrategy,
  eventStrategy,
  namespaceStrategy,
  nodeStrategy,
  secretStrategy,
  volumeStrategy,
} from "./core.ts";
import { networkPolicyStrategy } from "./network-policies.ts";
import { podStrategy } from "./pods.ts";
import { serviceStrategy } from "./services.ts";
import {
  cronJobStrategy,
  daemonSetStrategy,
  deploymentStrategy,
  jobStrategy,
  replicaSetStrategy,
  statefulSetStrategy,
} from "./workloads.ts";

/** By group resource, e.g. `deployments.apps`. */
export const strategies: Readonly<Record<string, Strategy>> = {
  namespaces: namespaceStrategy,
  nodes: nodeStrategy,
  pods: podStrategy,
  services: serviceStrategy,
  configmaps: configMapStrategy,
  secrets: secretStrategy,
  events: eventStrategy,
  persistentvolumes: volumeStrategy,
  persistentvolumeclaims: claimStrategy,
  "customresourcedefinitions.apiextensions.k8s.io": definitionStrategy,
  "networkpolicies.networking.k8s.io": networkPolicyStrategy,
  "rolebindings.rbac.authorization.k8s.io": bindingStrategy,
  "clusterrolebindings.rbac.authorization.k8s.io": bindingStrategy,
  "deployments.apps": deploymentStrategy,
  "replicasets.apps": replicaSetStrategy,
  "statefulsets.apps": statefulSetStrategy,
  "daemonsets.apps": daemonSetStrategy,
  "jobs.batch": jobStrategy,
  "cronjobs.batch": cronJobStrategy,
};
