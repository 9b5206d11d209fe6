/**
 * The metrics of the controllers. A replica that waits tells only that it does; the leader reads its copies of the API's objects when somebody
 * asks, so that machines are counted once in a cluster.
 */
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import type { VirtualMachineInstanceMigration } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { activeLauncher } from "../../../api/kubevirt/migration/migration.ts";
import type { Informer } from "../../client/informer.ts";
import { controllerMetrics as metrics } from "../../telemetry/catalogue/controller.ts";
import { Scrape } from "../../telemetry/scrape.ts";
import type { LauncherPod } from "../virtualmachineinstance/launcher/launcher.ts";
import { hasEnded } from "../virtualmachineinstance/observation.ts";
import { podsOf } from "../virtualmachineinstance/observe.ts";
import { createPhaseTimes } from "./phase-times.ts";
import { reportMigrations } from "./report-migrations.ts";
import { reportVm, reportVmLabels } from "./report-vm.ts";
import { isOutdated } from "../virtualmachineinstance/outdated.ts";
import { reportVmi } from "./report-vmi.ts";

export interface ControllerMetrics {
  /** Prometheus text. */
  text(): Promise<string>;
  /** From now on this one leads, and these are what it knows; until the signal aborts. */
  lead(objects: KnownObjects, signal: AbortSignal): void;
}

export interface KnownObjects {
  vms: Informer<VirtualMachine>;
  vmis: Informer<VirtualMachineInstance>;
  pods: Informer<LauncherPod>;
  migrations: Informer<VirtualMachineInstanceMigration>;
  configuration: () => VirtConfiguration;
  launcherImage: string;
}

export function createControllerMetrics({ version }: { version: string }): ControllerMetrics {
  const phaseTimes = createPhaseTimes();
  let known: KnownObjects | undefined;
  return {
    async text() {
      const scrape = new Scrape();
      scrape.add(metrics.info, { goversion: `node ${process.version}`, kubeversion: version }, 1);
      scrape.add(metrics.ready, {}, 1);
      scrape.add(metrics.leading, {}, known === undefined ? 0 : 1);
      if (known === undefined) return scrape.text();
      reportObjects(scrape, known);
      return `${await scrape.text()}\n${await phaseTimes.text()}`;
    },
    lead(objects, signal) {
      known = objects;
      objects.vmis.onChange((change) => phaseTimes.noteVmi(change));
      objects.migrations.onChange((change) => phaseTimes.noteMigration(change));
      signal.addEventListener("abort", () => {
        known = undefined;
      });
    },
  };
}

export function reportObjects(scrape: Scrape, objects: KnownObjects): void {
  const { configuration, launcherImage } = objects;
  const vms = objects.vms.list();
  const vmis = objects.vmis.list();
  const migrations = objects.migrations.list();
  const migrationNames = new Map(migrations.map(({ metadata }) => [metadata?.uid, metadata?.name]));
  scrape.add(metrics.emulation, {}, configuration().useEmulation ? 1 : 0);
  for (const vm of vms) reportVm(scrape, vm, objects.vmis.get(vm.metadata?.namespace, vm.metadata?.name ?? ""));
  reportVmLabels(scrape, vms);
  for (const vmi of vmis)
    reportVmi(scrape, vmi, {
      vm: objects.vms.get(vmi.metadata?.namespace, vmi.metadata?.name ?? ""),
      podName: activeLauncher(vmi, podsOf(vmi, objects.pods), hasEnded)?.metadata?.name,
      launcherImage,
      evictionStrategy: configuration().evictionStrategy,
      migrationName: migrationNames.get(vmi.status?.migrationState?.migrationUid),
    });
  scrape.add(metrics.vmiOutdated, {}, vmis.filter((vmi) => isOutdated(vmi, launcherImage)).length);
  reportMigrations(scrape, migrations);
}
