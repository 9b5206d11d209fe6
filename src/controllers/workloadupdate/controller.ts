/** Looks at the machines that run an older launcher than a new one would, all at once: how many may move is a matter of all. */
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { activeLauncher, hasMigration, isFinalMigration } from "../../../api/kubevirt/migration/migration.ts";
import { annotations, labels } from "../../../api/kubevirt/names.ts";
import { type KubeVirt, virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isMarkedOutdated, readUpdateStrategy } from "../../../api/kubevirt/workload-update.ts";
import { isStatus, messageOf } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey } from "../../runtime/object-key.ts";
import { overlayRecentWrites } from "../../runtime/recent-writes.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { authoritative } from "../../runtime/virt-configuration.ts";
import { createMigration } from "../migration/create-migration.ts";
import { byVmi, type MigrationInformers, vmiKeyOf } from "../migration/observe.ts";
import { isOutdated } from "../virtualmachineinstance/outdated.ts";
import { hasEnded } from "../virtualmachineinstance/observation.ts";
import { podsOf } from "../virtualmachineinstance/observe.ts";
import { type Action, type Observation, plan, type Workload } from "./plan.ts";

export interface WorkloadUpdateOptions {
  client: Client;
  informers: MigrationInformers;
  kubeVirts: Informer<KubeVirt>;
  events: EventRecorder;
  launcherImage: string;
  /** Of policy/VERSION, as the server has it. */
  evictionVersion: string;
  configuration: () => VirtConfiguration;
  signal: AbortSignal;
}

/** There is one thing to look at. */
const workloadsKey = "workloads";
const lookAgainMs = 10_000;

export function startWorkloadUpdateController(options: WorkloadUpdateOptions): ReconcilerLoop {
  const { informers, kubeVirts, launcherImage, signal } = options;
  const loop = runReconciler(createWorkloadUpdateReconciler(options), { signal, concurrency: 1 });
  const concerns = (vmi: VirtualMachineInstance) => isOutdated(vmi, launcherImage) || isMarkedOutdated(vmi);
  enqueueOnChange(loop, informers.vmis, (vmi) => (concerns(vmi) ? [workloadsKey] : []));
  enqueueOnChange(loop, kubeVirts, () => [workloadsKey]);
  enqueueOnChange(loop, informers.migrations, (migration) => {
    const [namespace, name = ""] = vmiKeyOf(migration).split("/");
    const vmi = informers.vmis.get(namespace, name);
    return vmi && concerns(vmi) ? [workloadsKey] : [];
  });
  return loop;
}

export function createWorkloadUpdateReconciler(options: WorkloadUpdateOptions): Reconciler<Observation, Action> {
  const { informers, kubeVirts, launcherImage, configuration } = options;
  // After a start the first batch waits for as long as the next would have.
  let lastEvictionMs = Date.now();
  const recentMigrations = overlayRecentWrites(informers.migrations);

  /** Also of those that wait for their turn: ever more of them would keep an evacuation waiting. */
  function countMigrations(all: readonly VirtualMachineInstance[]): number {
    const open = recentMigrations.list().filter((migration) => !isFinalMigration(migration));
    return new Set([...all.filter(hasMigration).map(objectKey), ...open.map(vmiKeyOf)]).size;
  }

  function workloadOf(vmi: VirtualMachineInstance): Workload {
    const launcher = activeLauncher(vmi, podsOf(vmi, informers.pods), hasEnded);
    const stays = launcher !== undefined && !launcher.metadata?.deletionTimestamp && !hasEnded(launcher);
    return {
      vmi,
      isOutdated: isOutdated(vmi, launcherImage),
      podName: stays ? launcher.metadata?.name : undefined,
      migrations: informers.migrations.byIndex(byVmi, objectKey(vmi)),
    };
  }

  return {
    name: "workload-update",
    observe() {
      const all = informers.vmis.list();
      const { parallelMigrationsPerCluster } = configuration().migrations;
      return Promise.resolve({
        workloads: all.filter((vmi) => isOutdated(vmi, launcherImage) || isMarkedOutdated(vmi)).map(workloadOf),
        strategy: readUpdateStrategy(authoritative(kubeVirts.list())).strategy,
        freeMigrations: parallelMigrationsPerCluster - countMigrations(all),
        lastEvictionMs,
        nowMs: Date.now(),
      });
    },
    plan,
    async execute(action, signal) {
      if (action.type === "mark") return mark(options.client, action, signal);
      if (action.type === "migrate") {
        const created = await createMigration(options, action.vmi, updateMigration, signal);
        if (created) recentMigrations.wrote(created);
        return;
      }
      lastEvictionMs = Date.now();
      return evict(options, action, signal);
    },
    requeueAfterMs: ({ workloads, strategy }) =>
      workloads.length > 0 && strategy.methods.length > 0 ? lookAgainMs : undefined,
  };
}

const updateMigration = {
  generateName: "kubevirt-workload-update-",
  annotations: { [annotations.workloadUpdateMigration]: "" },
};

async function mark(client: Client, { vmi, outdated }: Action & { type: "mark" }, signal: AbortSignal): Promise<void> {
  const { namespace, name = "", uid } = vmi.metadata ?? {};
  const body = { metadata: { uid, labels: { [labels.outdatedLauncherImage]: outdated ? "" : null } } };
  try {
    await client.patch(virtualMachineInstances, { namespace, name }, { type: "merge", body }, { signal });
  } catch (error) {
    if (!isStatus(error, "NotFound", "Conflict")) throw error;
  }
}

/** Its eviction strategy and its disruption budget are asked, too: one that may not be evicted now is asked for again. */
async function evict(
  { client, events, evictionVersion }: WorkloadUpdateOptions,
  { vmi, podName }: Action & { type: "evict" },
  signal: AbortSignal,
): Promise<void> {
  const namespace = vmi.metadata?.namespace ?? "";
  const path = `/api/v1/namespaces/${namespace}/pods/${podName}/eviction`;
  const body = { apiVersion: `policy/${evictionVersion}`, kind: "Eviction", metadata: { name: podName, namespace } };
  try {
    await client.request("POST", path, body, { signal });
    events.record(vmi, "Normal", "SuccessfulEvict", `Evicted pod ${podName}, whose launcher is outdated`);
  } catch (error) {
    if (isStatus(error, "NotFound")) return;
    events.record(vmi, "Warning", "FailedEvict", `Failed to evict pod ${podName}: ${messageOf(error)}`);
    if (!isStatus(error, "TooManyRequests")) throw error;
  }
}
