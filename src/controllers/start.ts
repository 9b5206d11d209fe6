/** Starts the controllers of virtual machines. They share their copies of the API's objects. */
import { defaultConfiguration, type VirtConfiguration } from "../../api/kubevirt/configuration.ts";
import { virtualMachineInstanceMigrations, virtualMachines } from "../../api/kubevirt/resources.ts";
import type { Logger } from "../base/log.ts";
import type { Client } from "../client/client.ts";
import { createInformer } from "../client/create-informer.ts";
import { createEventRecorder } from "../runtime/event-recorder.ts";
import { startMigrationController } from "./migration/controller.ts";
import { startEvacuationController } from "./migration/evacuation.ts";
import { migrationIndexes } from "./migration/observe.ts";
import { startVmController } from "./virtualmachine/controller.ts";
import { startVmiController } from "./virtualmachineinstance/controller.ts";
import { createInformers } from "./virtualmachineinstance/observe.ts";

export interface VirtualMachineControllersOptions {
  client: Client;
  /** The image whose QEMU the launcher pods run. */
  launcherImage: string;
  configuration?: VirtConfiguration;
  log: Logger;
  signal: AbortSignal;
}

/** Resolves when the signal aborted and the work in flight ended. */
export async function startVirtualMachineControllers(options: VirtualMachineControllersOptions): Promise<void> {
  const { client, launcherImage, log, signal } = options;
  const configuration = () => options.configuration ?? defaultConfiguration;
  const vms = createInformer(client, virtualMachines);
  const instances = createInformers(client);
  const migrations = createInformer(client, virtualMachineInstanceMigrations, { indexes: migrationIndexes });
  const all = [vms, migrations, ...Object.values(instances)];
  for (const informer of all) informer.start(signal);
  await Promise.race([Promise.all(all.map((informer) => informer.synced())), aborted(signal)]);
  if (signal.aborted) return;
  const events = createEventRecorder(client, { component: "virtualmachine-controller" });
  log.info({ virtualMachines: vms.list().length }, "virtual machine controllers started");
  const loops = [
    startVmController({ client, informers: { vms, ...instances }, events, signal }),
    startVmiController({ client, informers: instances, events, launcherImage, configuration, signal }),
    startMigrationController({
      client,
      informers: { ...instances, migrations },
      events,
      launcherImage,
      configuration,
      signal,
    }),
    startEvacuationController({ client, informers: { ...instances, migrations }, events, signal }),
  ];
  await Promise.all(loops.map((loop) => loop.stopped));
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
