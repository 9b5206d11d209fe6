/** Carries out one planned action of either end. Each may be repeated: the plan started from what was observed. */
import { decisionOf } from "../../../api/kubevirt/migration.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { Client } from "../../client/client.ts";
import { QmpError } from "../../qemu/qmp/errors.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import type { MigrationCapability } from "../../qemu/qmp/commands.ts";
import { socketNames } from "../../qemu/domain/paths.ts";
import { applyDeviceAction } from "../../qemu/devices/action.ts";
import { quantityToNumber } from "../../base/quantity.ts";
import { connectNetwork } from "../domain/connect-network.ts";
import type { EndContext } from "./observe.ts";
import type { SourceObservation, TargetObservation } from "./observation.ts";
import { shareDisk } from "./share-disk.ts";
import { shareFile } from "./share-file.ts";
import type { SourceAction } from "./source.ts";
import type { TargetAction } from "./target.ts";
import { listenUri, sendUri } from "./transport.ts";

export interface EndExecuteContext extends EndContext {
  client: Client;
  kubeletRoot: string;
  /** Where DHCP answerers leave their pids. */
  dhcpDirectory: string;
}

/** QEMU takes no number for "as fast as it goes". */
const unlimitedBytesPerSecond = 2 ** 40;

export async function executeAtSource(
  context: EndExecuteContext,
  action: SourceAction,
  signal: AbortSignal,
): Promise<void> {
  const { observation } = action;
  const qmp = await context.monitors.of(observation.key, observation.qemu);
  switch (action.type) {
    case "send":
      return send(context, observation, qmp);
    case "cancel":
      await qmp.execute("migrate_cancel");
      return;
    case "resume":
      return resume(context, observation, qmp, signal);
    case "quit":
      await qmp.execute("quit");
  }
}

/** Asks the server, not the copy: letting the wrong one of two QEMUs go on is the one mistake that cannot be made good. */
async function resume(
  { client }: EndExecuteContext,
  { vmi, migrationUid }: SourceObservation,
  qmp: QmpClient,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name = "" } = vmi.metadata ?? {};
  const { status } = await client.get(virtualMachineInstances, { namespace, name }, { signal });
  const state = status?.migrationState;
  if (state?.migrationUid === migrationUid && decisionOf(state) === "source") await qmp.execute("cont");
}

async function send(context: EndExecuteContext, observation: SourceObservation, qmp: QmpClient): Promise<void> {
  const { state, migrationUid, pod, targetPod } = observation;
  const { allowAutoConverge = false, bandwidthPerMigration = "0" } = state.migrationConfiguration ?? {};
  const record = context.migrations.of(migrationUid);
  await shareFile({
    kubeletRoot: context.kubeletRoot,
    from: targetPod?.metadata?.uid ?? "",
    to: pod.metadata?.uid ?? "",
    volume: "run",
    name: socketNames.migration,
    as: socketNames.migrationTarget,
  });
  await setCapabilities(qmp, { events: true, "return-path": true, "auto-converge": allowAutoConverge });
  const limit = quantityToNumber(bandwidthPerMigration);
  await qmp.execute("migrate-set-parameters", { "max-bandwidth": limit > 0 ? limit : unlimitedBytesPerSecond });
  record.sent = true;
  try {
    await qmp.execute("migrate", { uri: sendUri });
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    record.failure = `Live migration failed: ${error.message}`;
  }
}

export async function executeAtTarget(
  context: EndExecuteContext,
  action: TargetAction,
  signal: AbortSignal,
): Promise<void> {
  const { observation } = action;
  const { qemu, vmi, pod, migrationUid } = observation;
  if (action.type === "openConsole") return void (await context.consoles.open(qemu));
  if (action.type === "shareDisk") return shareDisk(moveOf(context, observation, signal), action.disk);
  if (action.type === "connectNetwork") {
    await connectNetwork({ vmi, pod, qemu, dhcpDirectory: context.dhcpDirectory }, signal);
    context.migrations.of(migrationUid).networkOf = qemu.pid;
    return;
  }
  const qmp = await context.monitors.of(observation.key, qemu);
  switch (action.type) {
    case "changeDevice":
      return applyDeviceAction(qmp, action.change);
    case "listen":
      await setCapabilities(qmp, { events: true, "return-path": true, "late-block-activate": true });
      await qmp.execute("migrate-incoming", { uri: listenUri });
      return;
    case "run":
      await qmp.execute("cont");
      return;
    case "quit":
      await qmp.execute("quit");
  }
}

function moveOf({ kubeletRoot }: EndExecuteContext, { source, pod, qemu }: TargetObservation, signal: AbortSignal) {
  if (source === undefined) throw new Error("the launcher that the guest is to leave is not there");
  return {
    kubeletRoot,
    source: { podUid: source.pod.metadata?.uid ?? "", qemu: source.qemu },
    target: { podUid: pod.metadata?.uid ?? "", qemu },
    signal,
  };
}

async function setCapabilities(qmp: QmpClient, wanted: Partial<Record<MigrationCapability, boolean>>): Promise<void> {
  const capabilities = Object.entries(wanted).map(([capability, state]) => ({
    capability: capability as MigrationCapability,
    state,
  }));
  await qmp.execute("migrate-set-capabilities", { capabilities });
}
