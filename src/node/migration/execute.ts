/** Carries out one planned action of either end. Each may be repeated: the plan started from what was observed. */
import { decisionOf } from "../../../api/kubevirt/migration/migration.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { Client } from "../../client/client.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { applyCapacityAction } from "../../qemu/capacity/capacity.ts";
import { applyDeviceAction } from "../../qemu/devices/action.ts";
import type { NamedSource } from "../disks/disk-source.ts";
import { connectNetwork } from "../domain/connect-network.ts";
import { dropCopies, finishCopies } from "./copies.ts";
import { createCredentials } from "./credentials.ts";
import { inspectDisks } from "./inspect-disks.ts";
import type { EndContext } from "./observe.ts";
import type { SourceObservation, TargetObservation } from "./observation.ts";
import { killQemu } from "../process/kill-qemu.ts";
import { listenOnNetwork, listenOnSocket, prepareReception, stopExports } from "./receive.ts";
import { reserveDisk } from "./reserve-disk.ts";
import { allowPause, copyDisks, send, startPostcopy } from "./send.ts";
import { shareDisk } from "./share-disk.ts";
import type { SourceAction } from "./source.ts";
import type { TargetAction } from "./target.ts";
import { transportOf } from "./transport.ts";

export interface EndExecuteContext extends EndContext {
  client: Client;
  events: EventRecorder;
  kubeletRoot: string;
  /** Where DHCP answerers leave their pids. */
  dhcpDirectory: string;
}

export async function executeAtSource(
  context: EndExecuteContext,
  action: SourceAction,
  signal: AbortSignal,
): Promise<void> {
  const { observation } = action;
  if (action.type === "introduce") return prepareIntroduction(context, observation, signal);
  const qmp = await context.monitors.of(observation.key, observation.qemu);
  const record = context.migrations.of(observation.migrationUid);
  const departure = { observation, record, kubeletRoot: context.kubeletRoot };
  switch (action.type) {
    case "copy":
      return copyDisks(qmp, departure);
    case "send":
      return send(qmp, departure);
    case "finishCopies":
      return finishCopies(qmp, observation.copies);
    case "continue":
      await qmp.execute("migrate-continue", { state: "pre-switchover" });
      return;
    case "allowPause":
      return allowPause(qmp, departure);
    case "startPostcopy":
      return startPostcopy(qmp, record);
    case "pause":
      await qmp.execute("stop");
      return;
    case "cancel":
      await qmp.execute("migrate_cancel");
      return;
    case "resume":
      return resume(context, observation, qmp, signal);
    case "dropCopies":
      return dropCopies(qmp, observation.copies);
    case "quit":
      await qmp.execute("quit");
      return;
    case "kill":
      return killQemu(observation.qemu);
  }
}

/** Written down with the next look. */
async function prepareIntroduction(
  context: EndExecuteContext,
  { vmi, qemu, migrationUid, key }: SourceObservation,
  signal: AbortSignal,
): Promise<void> {
  const disks = await inspectDisks(vmi, qemu.pid, signal);
  const credentials = await createCredentials("client");
  const record = context.migrations.of(migrationUid);
  record.credentials = credentials;
  record.introduction = { sourceAuthority: credentials.authorityPem, disks };
  context.lookAgain(key);
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

export async function executeAtTarget(
  context: EndExecuteContext,
  action: TargetAction,
  signal: AbortSignal,
): Promise<void> {
  const { observation } = action;
  const { qemu, vmi, pod, migrationUid } = observation;
  if (action.type === "openConsole") return void (await context.consoles.open(qemu));
  if (action.type === "takeDisk") return takeDisk(context, observation, action.disk, signal);
  if (action.type === "connectNetwork") {
    const { dhcpDirectory } = context;
    await connectNetwork({ vmi, pod, qemu, listening: [], hasStarted: false, dhcpDirectory }, signal);
    context.migrations.of(migrationUid).networkOf = qemu.pid;
    return;
  }
  const qmp = await context.monitors.of(observation.key, qemu);
  switch (action.type) {
    case "changeDevice":
      return applyDeviceAction(qmp, action.change);
    case "changeCapacity":
      return applyCapacityAction(qmp, action.change);
    case "listen":
      return listen(context, observation, qmp);
    case "stopExports":
      await stopExports(qmp);
      context.migrations.of(migrationUid).sealed = qemu.pid;
      return;
    case "run":
      if (transportOf(observation.state) === "tls" && observation.record.sealed !== qemu.pid) await stopExports(qmp);
      await qmp.execute("cont");
      return;
    case "quit":
      await qmp.execute("quit");
      return;
    case "kill":
      context.events.record(vmi, "Warning", "PostCopyFailed", lostInPostcopy);
      return killQemu(qemu);
  }
}

const lostInPostcopy =
  "The guest is lost: it was switched to postcopy, and the connection to the rest of its memory broke. It ends here.";

async function takeDisk(
  { client, kubeletRoot }: EndExecuteContext,
  { state, source, pod, qemu, vmi }: TargetObservation,
  disk: NamedSource,
  signal: AbortSignal,
): Promise<void> {
  if (transportOf(state) === "tls") {
    return reserveDisk({ client, vmi, pid: qemu.pid, signal }, disk, state.transport?.disks ?? []);
  }
  if (source === undefined) throw new Error("the launcher that the guest is to leave is not there");
  const move = {
    kubeletRoot,
    source: { podUid: source.pod.metadata?.uid ?? "", qemu: source.qemu },
    target: { podUid: pod.metadata?.uid ?? "", qemu },
    signal,
  };
  return shareDisk(move, disk);
}

async function listen(
  { migrations }: EndExecuteContext,
  { vmi, state, pod, qemu, migrationUid }: TargetObservation,
  qmp: QmpClient,
): Promise<void> {
  const record = migrations.of(migrationUid);
  const { allowPostCopy = false } = state.migrationConfiguration ?? {};
  record.postcopyObstacle = await prepareReception(qmp, { allowPostCopy });
  if (transportOf(state) === "unix") return listenOnSocket(qmp);
  record.credentials = await listenOnNetwork(qmp, {
    vmi,
    pid: qemu.pid,
    address: pod.status?.podIP ?? "",
    sourceAuthority: state.transport?.sourceAuthority ?? "",
  });
}
