/** Starts the controllers that a Kubernetes control plane brings along, over shared informers. */
import { deployments, replicaSets } from "../../api/apps.ts";
import {
  endpoints,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  services,
} from "../../api/core.ts";
import { leases } from "../../api/coordination.ts";
import { endpointSlices } from "../../api/discovery.ts";
import { storageClasses } from "../../api/storage.ts";
import type { Logger } from "../base/log.ts";
import type { Client } from "../client/client.ts";
import { createInformer } from "../client/create-informer.ts";
import { createEventRecorder } from "../runtime/event-recorder.ts";
import { startDeploymentController } from "./deployment/deployment-controller.ts";
import { startEndpointsController } from "./endpoints/endpoints-controller.ts";
import { startGarbageCollector } from "./garbage/garbage-collector.ts";
import { startClaimController } from "./local-volumes/claim-controller.ts";
import { startNamespaceController } from "./namespace/namespace-controller.ts";
import { startNodeLifecycleController } from "./node-lifecycle/node-lifecycle-controller.ts";
import { startReplicaSetController } from "./replicaset/replicaset-controller.ts";
import { startScheduler } from "./scheduler/scheduler.ts";

export interface WorkloadControllersOptions {
  client: Client;
  clusterCa: string;
  volumesDir: string;
  log: Logger;
  signal: AbortSignal;
}

export function startWorkloadControllers({
  client,
  clusterCa,
  volumesDir,
  log,
  signal,
}: WorkloadControllersOptions): void {
  const informers = {
    pods: createInformer(client, pods),
    nodes: createInformer(client, nodes),
    services: createInformer(client, services),
    slices: createInformer(client, endpointSlices),
    endpoints: createInformer(client, endpoints),
    namespaces: createInformer(client, namespaces),
    deployments: createInformer(client, deployments),
    replicaSets: createInformer(client, replicaSets),
    claims: createInformer(client, persistentVolumeClaims),
    volumes: createInformer(client, persistentVolumes),
    storageClasses: createInformer(client, storageClasses),
    leases: createInformer(client, leases, { namespace: "kube-node-lease" }),
  };
  const from = (component: string) => createEventRecorder(client, { component });
  const shared = { client, signal, ...informers };
  startScheduler({ ...shared, events: from("default-scheduler") });
  startReplicaSetController({ ...shared, events: from("replicaset-controller") });
  startDeploymentController({ ...shared, events: from("deployment-controller") });
  startEndpointsController(shared);
  startNamespaceController({ ...shared, clusterCa });
  startClaimController({ ...shared, volumesDir, events: from("persistentvolume-controller") });
  startNodeLifecycleController({ ...shared, events: from("node-controller") });
  startGarbageCollector({ client, log, signal });
  for (const informer of Object.values(informers)) informer.start(signal);
}
