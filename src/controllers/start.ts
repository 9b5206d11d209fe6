/** Starts the controllers of virtual machines. They share their copies of the API's objects. */
import {
  kubeVirts,
  virtualMachineInstanceMigrations,
  virtualMachineInstanceReplicaSets,
  virtualMachinePools,
  virtualMachines,
} from "../../api/kubevirt/resources.ts";
import type { PodDisruptionBudget } from "../../api/policy.ts";
import type { Resource } from "../../api/meta.ts";
import type { Logger } from "../base/log.ts";
import type { Client } from "../client/client.ts";
import { createInformer } from "../client/create-informer.ts";
import { createEventRecorder } from "../runtime/event-recorder.ts";
import { objectKey } from "../runtime/object-key.ts";
import { followLogVerbosity, liveConfiguration } from "../runtime/virt-configuration.ts";
import type { TraceExporter } from "../telemetry/trace/exporter.ts";
import { startCatalogueController } from "./catalogue/controller.ts";
import { createBudgetInformer, startBudgetController } from "./disruptionbudget/controller.ts";
import { type OwnWorkloads, startKubeVirtController } from "./kubevirt/controller.ts";
import type { ControllerMetrics } from "./metrics/controller-metrics.ts";
import { exportTraces } from "./metrics/export-traces.ts";
import { startMigrationController } from "./migration/controller.ts";
import { startEvacuationController } from "./migration/evacuation.ts";
import { startGrowthController } from "./migration/growth.ts";
import { migrationIndexes } from "./migration/observe.ts";
import { startNodeController } from "./node/controller.ts";
import { createAttachmentInformer, startHotplugController } from "./hotplug/controller.ts";
import { createDumpPodInformer, startMemoryDumpController } from "./memorydump/controller.ts";
import { startPoolController } from "./pool/controller.ts";
import { startReplicaSetController } from "./replicaset/controller.ts";
import { createRevisionInformer, startVmController } from "./virtualmachine/controller.ts";
import { createFindAutoLimits, createQuotaInformer } from "./virtualmachineinstance/launcher/auto-limits.ts";
import { startVmiController } from "./virtualmachineinstance/controller.ts";
import { byNodeName, createInformers } from "./virtualmachineinstance/observe.ts";
import { startWorkloadUpdateController } from "./workloadupdate/controller.ts";

export interface VirtualMachineControllersOptions {
  client: Client;
  /** The image whose QEMU the launcher pods run. */
  launcherImage: string;
  /** Whether this cluster's pods can have image volumes; else container disks are copied. */
  imageVolumes: boolean;
  /** Whether the resources of a running pod can be changed; else a guest that grows moves to another. */
  podsCanGrow: boolean;
  /** In the version that the server has. */
  disruptionBudgets: Resource<PodDisruptionBudget>;
  /** Of vmpod, as KubeVirt resources show it. */
  version: string;
  /** Where the KubeVirt resource is looked for; everywhere when absent. */
  kubeVirtNamespace?: string;
  /** Whose readiness the KubeVirt resource tells. */
  workloads?: OwnWorkloads;
  metrics?: ControllerMetrics;
  /** Where traces of starts go. */
  traces?: TraceExporter;
  log: Logger;
  signal: AbortSignal;
}

/** Resolves when the signal aborted and the work in flight ended. */
export async function startVirtualMachineControllers(options: VirtualMachineControllersOptions): Promise<void> {
  const { client, launcherImage, imageVolumes, podsCanGrow, log, signal } = options;
  const vms = createInformer(client, virtualMachines);
  const instances = createInformers(client);
  const revisions = createRevisionInformer(client);
  const replicaSets = createInformer(client, virtualMachineInstanceReplicaSets);
  const pools = createInformer(client, virtualMachinePools);
  const migrations = createInformer(client, virtualMachineInstanceMigrations, { indexes: migrationIndexes });
  const namespace = options.kubeVirtNamespace;
  const budgets = createBudgetInformer(client, options.disruptionBudgets);
  const kubevirts = createInformer(client, kubeVirts, namespace === undefined ? {} : { namespace });
  const configuration = liveConfiguration(kubevirts);
  followLogVerbosity(kubevirts, ({ virtController }) => virtController);
  const quotas = createQuotaInformer(client);
  const dumpPods = createDumpPodInformer(client);
  const attachments = createAttachmentInformer(client);
  const autoLimits = createFindAutoLimits(client, quotas, configuration);
  const all = [
    quotas,
    dumpPods,
    attachments,
    vms,
    revisions,
    replicaSets,
    pools,
    migrations,
    kubevirts,
    budgets,
    ...Object.values(instances),
  ];
  for (const informer of all) informer.start(signal);
  await Promise.race([Promise.all(all.map((informer) => informer.synced())), aborted(signal)]);
  if (signal.aborted) return;
  const events = createEventRecorder(client, { component: "virtualmachine-controller" });
  const { vmis, pods } = instances;
  options.metrics?.lead({ vms, vmis, pods, migrations, configuration, launcherImage }, signal);
  if (options.traces) exportTraces(vmis, options.traces, signal);
  log.info({ virtualMachines: vms.list().length }, "virtual machine controllers started");
  const vmiLoop = startVmiController({
    client,
    informers: instances,
    events,
    launcherImage,
    imageVolumes,
    podsCanGrow,
    configuration,
    autoLimits,
    signal,
  });
  const onSilence = (nodeName: string): void => {
    for (const vmi of instances.vmis.byIndex(byNodeName, nodeName)) vmiLoop.enqueue(objectKey(vmi));
  };
  const loops = [
    vmiLoop,
    startNodeController({ client, nodes: instances.nodes, onSilence, signal }),
    startCatalogueController({ client, kubeVirts: kubevirts, configuration, signal }),
    startKubeVirtController({
      client,
      kubeVirts: kubevirts,
      vmis: instances.vmis,
      version: options.version,
      workloads: options.workloads,
      signal,
    }),
    startVmController({
      client,
      informers: { vms, revisions, ...instances },
      events,
      configuration,
      podsCanGrow,
      signal,
    }),
    startMemoryDumpController({
      client,
      informers: { vms, dumpPods, ...instances },
      events,
      launcherImage,
      configuration,
      signal,
    }),
    startHotplugController({
      client,
      informers: { attachments, ...instances },
      events,
      launcherImage,
      configuration,
      signal,
    }),
    startReplicaSetController({
      client,
      informers: { sets: replicaSets, vmis: instances.vmis },
      events: createEventRecorder(client, { component: "virtualmachinereplicaset-controller" }),
      signal,
    }),
    startPoolController({
      client,
      informers: { pools, vms, ...instances },
      events: createEventRecorder(client, { component: "virtualmachinepool-controller" }),
      signal,
    }),
    startMigrationController({
      client,
      informers: { ...instances, migrations },
      events,
      launcherImage,
      imageVolumes,
      configuration,
      autoLimits,
      signal,
    }),
    startBudgetController({
      client,
      informers: { ...instances, budgets },
      resource: options.disruptionBudgets,
      events,
      configuration,
      signal,
    }),
    startWorkloadUpdateController({
      client,
      informers: { ...instances, migrations },
      kubeVirts: kubevirts,
      events,
      launcherImage,
      evictionVersion: options.disruptionBudgets.version,
      configuration,
      signal,
    }),
    startEvacuationController({ client, informers: { ...instances, migrations }, events, configuration, signal }),
    ...(podsCanGrow
      ? []
      : [startGrowthController({ client, informers: { ...instances, migrations }, events, signal })]),
  ];
  await Promise.all(loops.map((loop) => loop.stopped));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
