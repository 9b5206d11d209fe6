/** Carries out one planned action. Each may be repeated: the plan that named it started from what was observed. */
import type { Node } from "../../../api/core.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { messageOf } from "../../base/errors.ts";
import { isErrno } from "../../base/files.ts";
import type { Client } from "../../client/client.ts";
import { applyCapacityAction } from "../../qemu/capacity/capacity.ts";
import type { Informer } from "../../client/informer.ts";
import { applyDeviceAction } from "../../qemu/devices/action.ts";
import { nicId } from "../../qemu/domain/ids.ts";
import { guestInterfaces } from "../../qemu/guest-agent/queries.ts";
import { QmpError } from "../../qemu/qmp/errors.ts";
import type { Consoles } from "../console/consoles.ts";
import { handOver } from "../credentials/hand-over.ts";
import type { CredentialAttempt } from "../credentials/observe.ts";
import { readMountedFiles } from "../disks/mounted-files.ts";
import { prepareDisk } from "../disks/prepare-disk.ts";
import { agentFailure } from "../guest/agent-failure.ts";
import type { GuestAgents } from "../guest/guest-agents.ts";
import { instanceFacts } from "../metadata/instance-facts.ts";
import { type MetadataServices, wantsMetadata } from "../metadata/metadata-services.ts";
import type { InstanceFacts } from "../metadata/metadata-tree.ts";
import { startDump } from "../memory-dump/start.ts";
import type { Monitors } from "../monitor/monitors.ts";
import { hostPathOf } from "../process/container-files.ts";
import { pinThreads } from "../processors/pin-threads.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { connectNetwork, disconnectNetworks } from "./connect-network.ts";
import { isOnPodNetwork, podInterface, specifiedInterfaces } from "./desired-devices.ts";
import { startFirst } from "./first-start.ts";
import { hasStarted, type Observation } from "./observation.ts";
import { linkedInterfaces, listeningInterfaces } from "./plug-nics.ts";
import type { Action } from "./plan.ts";
import { type DomainRecords, networkKey } from "./records.ts";

type ActionOf<T extends Action["type"]> = Extract<Action, { type: T }>;

export interface ExecuteContext {
  client: Client;
  monitors: Monitors;
  consoles: Consoles;
  guests: GuestAgents;
  records: DomainRecords;
  metadata: MetadataServices;
  /** As far as it is known: its labels tell where it is. */
  node: () => Node | undefined;
  vmis: Informer<VirtualMachineInstance>;
  /** Enqueues a key. */
  lookAgain: (key: string) => void;
  /** Where DHCP answerers leave their pids. */
  dhcpDirectory: string;
  kubeletRoot: string;
}

export async function execute(context: ExecuteContext, action: Action, signal: AbortSignal): Promise<void> {
  const { qemu, observation } = action;
  if (action.type === "connectNetwork") return connect(context, action, signal);
  if (action.type === "prepareDisk") {
    const { client } = context;
    return prepareDisk({ client, vmi: observation.vmi, pid: qemu.pid, signal }, action.disk);
  }
  if (action.type === "pinThreads") return pinOrFail(action, signal);
  if (action.type === "refuse") throw action.error;
  if (action.type === "openConsole") return void (await context.consoles.open(qemu));
  if (action.type === "askGuest") return askGuest(context, action);
  if (action.type === "bringOnline") return putToUse(context, action);
  if (action.type === "handOverCredentials") return giveCredentials(context, action);
  if (action.type === "dumpMemory") return dumpMemory(context, action);
  const qmp = await context.monitors.of(observation.key, qemu);
  switch (action.type) {
    case "changeDevice":
      await applyDeviceAction(qmp, action.change);
      return noteChange(context.records, action);
    case "setLink": {
      const { name, state } = action.change;
      await qmp.execute("set_link", { name: nicId(name), up: state === "up" });
      context.records.of(observation.vmi.metadata?.uid ?? "").links.set(name, state);
      return;
    }
    case "changeCapacity":
      return applyCapacityAction(qmp, action.change, () => guestInterfaces(context.guests.of(qemu)));
    case "start":
      return startFirst(qmp, observation.vmi);
    case "quit":
      await qmp.execute("quit");
      return;
    case "finishReboot":
      await qmp.execute("set-action", { shutdown: "poweroff" });
      await qmp.execute("system_reset");
      await qmp.execute("cont");
  }
}

/** That QEMU does not want to is the outcome; that nobody waits for it any more is seen at the next look. */
async function dumpMemory({ monitors, records, kubeletRoot }: ExecuteContext, { observation, qemu }: Action) {
  const { key, vmi, pod, dump } = observation;
  const [launcher = "", writer = ""] = [pod.metadata?.uid, dump?.pod?.metadata?.uid];
  try {
    await startDump(await monitors.of(key, qemu), { kubeletRoot, launcher, writer });
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    if (!(error instanceof QmpError)) throw error;
    records.of(vmi.metadata?.uid ?? "").dumpRefusal = { podUid: writer, message: messageOf(error) };
  }
}

/** A guest that was promised processors does not run on others. */
async function pinOrFail({ pinning }: Action & { type: "pinThreads" }, signal: AbortSignal): Promise<void> {
  if (pinning.shortage !== undefined) throw new Error(pinning.shortage);
  await pinThreads(pinning.pins, signal);
}

/** Started here, observed when it answers: a guest may take its time. */
function askGuest({ guests, records, lookAgain }: ExecuteContext, { observation, qemu }: Action): void {
  const record = records.of(observation.vmi.metadata?.uid ?? "");
  record.guestAskedMs = Date.now();
  guests.report(qemu, (report) => {
    record.guest = report;
    lookAgain(observation.key);
  });
}

/** Started here. Whether or not it could, what QEMU has given the guest is told then. */
function putToUse({ guests, records, lookAgain }: ExecuteContext, action: ActionOf<"bringOnline">): void {
  const { observation, qemu, capacity } = action;
  const record = records.of(observation.vmi.metadata?.uid ?? "");
  record.onlineAsked = capacity;
  const { processors = [], hotMemory } = observation.machine?.capacity ?? {};
  const plugged = processors.filter((each) => each["qom-path"] !== undefined);
  guests.bringOnline(qemu, { processors: plugged.length, hotMemory }, () => {
    if (record.onlineAsked !== capacity) return; // it has been given more since, or was booted anew
    record.broughtOnline = capacity;
    lookAgain(observation.key);
  });
}

/** As with asking: the outcome is observed when there is one. */
function giveCredentials(
  { guests, records, lookAgain }: ExecuteContext,
  { observation, qemu, credentials: { wanted, digest } }: Action & { type: "handOverCredentials" },
): void {
  const record = records.of(observation.vmi.metadata?.uid ?? "");
  const attempt: CredentialAttempt = { digest, atMs: Date.now(), outcome: undefined };
  record.credentials = attempt;
  const ended = (failure: string | undefined): void => {
    attempt.outcome = { failure };
    lookAgain(observation.key);
  };
  handOver(guests.of(qemu), wanted).then(
    () => ended(undefined),
    (error: unknown) => ended(messageOf(agentFailure(error))),
  );
}

async function connect(context: ExecuteContext, { observation, qemu }: Action, signal: AbortSignal): Promise<void> {
  const { vmi, pod } = observation;
  const record = context.records.of(vmi.metadata?.uid ?? "");
  const { networkBreaks } = record;
  const listening = listeningInterfaces(observation);
  const isStarted = hasStarted(observation.machine);
  const target = { vmi, pod, qemu, listening, hasStarted: isStarted, dhcpDirectory: context.dhcpDirectory };
  await connectNetwork(target, signal);
  if (isStarted && specifiedInterfaces(vmi).some((nic) => !isOnPodNetwork(vmi, nic)))
    await disconnectNetworks(target, linkedInterfaces(observation), signal);
  if (wantsMetadata(vmi) && podInterface(vmi)?.masquerade)
    await context.metadata.serve(qemu, () => currentFacts(context, observation, qemu), signal);
  // What broke meanwhile may be what was just connected.
  if (record.networkBreaks === networkBreaks) record.networkOf = networkKey(qemu, observation);
}

/** The guest takes its time, and QEMU complains of impatience. */
function noteChange(records: DomainRecords, { observation, change }: Action & { type: "changeDevice" }): void {
  const record = records.of(observation.vmi.metadata?.uid ?? "");
  const nowMs = Date.now();
  if (hasStarted(observation.machine)) record.pluggedMs = nowMs;
  if (change.command === "device_del") record.unplugAskedMs.set(change.args.id, nowMs);
  // It is another one by now, of which the guest has not been asked anything.
  if (change.command === "device_add") record.unplugAskedMs.delete(change.args.id);
}

/** Of the machine as it is by then. */
function currentFacts(
  context: ExecuteContext,
  { vmi, pod }: Observation,
  { pid }: QemuProcess,
): Promise<InstanceFacts> {
  const { namespace, name = "" } = vmi.metadata ?? {};
  return instanceFacts({
    vmi: context.vmis.get(namespace, name) ?? vmi,
    pod,
    node: context.node(),
    mounted: (path) => readMountedFiles(hostPathOf(pid, path)),
  });
}
