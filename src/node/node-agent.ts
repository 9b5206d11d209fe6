/**
 * The VM node agent: brings the guests of this node's launcher pods to life, reports on them and gives access to them.
 *
 *   API server ──watch── VMIs, launcher pods ─┐
 *                                             ├─▶ keys ─▶ domain reconciler ─▶ QEMU, network, files, VMI status
 *   QEMU ──── QMP events ─────────────────────┘
 *   API extension ── HTTPS ─▶ server ─▶ console, VNC, pause, guest agent ...
 *   guest ── HTTP to 169.254.169.254, a socket in its pod ─▶ metadata
 *
 * It holds no state of its own: whatever it needs to know after a restart it reads from the API, /proc and QEMU.
 */
import { join } from "node:path";
import { type Node, nodes, type Pod, pods } from "../../api/core.ts";
import { attachmentApp } from "../../api/kubevirt/hotplug-volume.ts";
import { dumpApp } from "../../api/kubevirt/memory-dump.ts";
import { labels, launcherApp } from "../../api/kubevirt/names.ts";
import { type KubeVirt, kubeVirts, virtualMachineInstances } from "../../api/kubevirt/resources.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Client } from "../client/client.ts";
import { createInformer } from "../client/create-informer.ts";
import type { Informer } from "../client/informer.ts";
import { joinInformers } from "../client/join-informers.ts";
import { createAuthorizeScraper } from "../http/reviews/authorize-scraper.ts";
import type { FollowedKeyPair } from "../pki/mounted-key-pair.ts";
import { queryProcessor } from "../qemu/probe/processor.ts";
import { createEventRecorder, type EventRecorder } from "../runtime/event-recorder.ts";
import { parseObjectKey } from "../runtime/object-key.ts";
import { enqueueOnChange, runReconciler } from "../runtime/run-reconciler.ts";
import { agentVerbosity, followLogVerbosity, liveConfiguration } from "../runtime/virt-configuration.ts";
import { createAnnouncer, withdraw } from "./announcement/announcer.ts";
import { hasStaticCpuManager } from "./announcement/cpu-manager.ts";
import type { NodeFacts } from "./announcement/node-labels.ts";
import { tellProcessor } from "./announcement/tell-processor.ts";
import { createConsoles } from "./console/consoles.ts";
import { createUsbSlots } from "./console/usb-slots.ts";
import { createVncSessions } from "./console/vnc.ts";
import { noteEvent } from "./domain/note-event.ts";
import { byVmiUid, vmiUidOf } from "./domain/observe.ts";
import { createDomainReconciler } from "./domain/reconciler.ts";
import { createDomainRecords } from "./domain/records.ts";
import { startDownwardMetrics } from "./downward-metrics/downward-metrics.ts";
import { createGuestAgents } from "./guest/guest-agents.ts";
import { createSocketReconciler } from "./hotplug/sockets.ts";
import { byPlugged, pluggedMachineOf } from "./hotplug/observe.ts";
import { createKsmReconciler, releaseKsm } from "./ksm/reconciler.ts";
import { byDumped, dumpedMachineOf } from "./memory-dump/observe.ts";
import { createMetadataServices } from "./metadata/metadata-services.ts";
import { noteMigrationEvent } from "./migration/note-event.ts";
import { createMigrationRecords } from "./migration/records.ts";
import { startMigrationEnds } from "./migration/start.ts";
import { createNodeMetrics } from "./metrics/collector.ts";
import { createMonitors } from "./monitor/monitors.ts";
import { createDhcpReaper, reaperKey } from "./process/dhcp-reaper.ts";
import { createQemuFinder } from "./process/find-qemu.ts";
import { startServer } from "./server/server.ts";

export interface NodeAgentOptions {
  client: Client;
  nodeName: string;
  /** Name of the installation; several may share a machine. */
  instance: string;
  /** Root directory of the kubelet that runs the pods. */
  kubeletRoot: string;
  /** Where the KubeVirt resource is looked for; everywhere when absent. */
  kubeVirtNamespace?: string;
  port: number;
  nodeIp: string;
  tls: FollowedKeyPair;
  /** What a test guest said of this node's KVM. */
  kvm: { usable: boolean; reason: string };
  /** Prometheus text that is told with this agent's; left out while it fails. */
  otherMetrics?: () => Promise<string>;
  log: Logger;
}

export interface NodeAgent {
  /** Resolves once it serves and has looked at every guest; runs until the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
  /** To be called at an orderly end: no machines are to be placed here until an agent is back. */
  withdraw(): Promise<void>;
}

const concurrency = 8;

export function createNodeAgent(options: NodeAgentOptions): NodeAgent {
  return {
    start: (signal) => start(options, signal),
    withdraw: () => leave(options),
  };
}

const leaveTimeoutMs = 2_000;

async function leave({ client, nodeName }: NodeAgentOptions): Promise<void> {
  const signal = AbortSignal.timeout(leaveTimeoutMs);
  await Promise.all([withdraw(client, nodeName, signal), releaseKsm(client, nodeName, signal)]);
}

async function start(options: NodeAgentOptions, signal: AbortSignal): Promise<void> {
  const { client, nodeName, kubeletRoot, port, tls, log } = options;
  // The controllers put these labels there when they hand a machine over: what runs elsewhere is none of our business.
  const vmis = joinInformers(
    createInformer(client, virtualMachineInstances, { labelSelector: `${labels.nodeName}=${nodeName}` }),
    createInformer(client, virtualMachineInstances, {
      labelSelector: `${labels.migrationTargetNodeName}=${nodeName},${labels.nodeName}!=${nodeName}`,
    }),
  );
  const launchers = createInformer(client, pods, {
    labelSelector: `${labels.app}=${launcherApp}`,
    fieldSelector: `spec.nodeName=${nodeName}`,
    indexes: { [byVmiUid]: (pod) => [vmiUidOf(pod)] },
  });
  const dumpPods = createInformer(client, pods, {
    labelSelector: `${labels.app}=${dumpApp}`,
    fieldSelector: `spec.nodeName=${nodeName}`,
    indexes: { [byDumped]: (pod) => [dumpedMachineOf(pod)] },
  });
  const attachments = createInformer(client, pods, {
    labelSelector: `${labels.app}=${attachmentApp}`,
    fieldSelector: `spec.nodeName=${nodeName}`,
    indexes: { [byPlugged]: (pod) => [pluggedMachineOf(pod)] },
  });
  const records = createDomainRecords();
  const events = createEventRecorder(client, { component: "virt-handler", host: nodeName });
  const finder = createQemuFinder();
  const dhcpDirectory = join(kubeletRoot, "plugins", "vmpod", "dhcp");
  const reaper = runReconciler(createDhcpReaper(dhcpDirectory, finder), { signal, concurrency: 1, log });
  const consoles = createConsoles();
  const guests = createGuestAgents(log);
  const metadata = createMetadataServices(log);
  const namespace = options.kubeVirtNamespace;
  const kubevirts = createInformer(client, kubeVirts, namespace === undefined ? {} : { namespace });
  followLogVerbosity(kubevirts, agentVerbosity(nodeName));
  const node = createInformer(client, nodes, { fieldSelector: `metadata.name=${nodeName}` });
  const migrations = createMigrationRecords();
  const monitors = createMonitors({
    onEvent(key, event) {
      if (noteEvent(vmis, records, events, key, event)) loop.enqueue(key);
      if (noteMigrationEvent(vmis, migrations, key, event)) for (const end of ends) end.enqueue(key);
    },
    onClosed(key, qemu) {
      guests.forget(qemu);
      metadata.forget(qemu);
      for (const each of [loop, ...ends]) each.enqueue(key);
      reaper.enqueue(reaperKey);
    },
  });
  const reconciler = createDomainReconciler({
    client,
    vmis,
    launchers,
    dumpPods,
    attachments,
    kubeletRoot,
    finder,
    monitors,
    consoles,
    guests,
    records,
    metadata,
    node: () => node.get(undefined, nodeName),
    lookAgain: (key) => loop.enqueue(key),
    events,
    dhcpDirectory,
  });
  const loop = runReconciler(reconciler, {
    signal,
    concurrency,
    log,
    onFailure(key, error) {
      const { namespace, name } = parseObjectKey(key);
      const vmi = vmis.get(namespace, name);
      if (vmi === undefined) return;
      records.of(vmi.metadata?.uid ?? "").failure = messageOf(error);
      events.record(vmi, "Warning", "SyncFailed", messageOf(error));
    },
  });
  const onLinked = (key: string): void => loop.enqueue(key);
  const sockets = runReconciler(createSocketReconciler({ vmis, launchers, attachments, kubeletRoot, onLinked }), {
    signal,
    log,
  });
  const ends = startMigrationEnds(
    { client, vmis, launchers, finder, monitors, consoles, migrations, events, kubeletRoot, dhcpDirectory },
    { signal, log },
  );
  vmis.start(signal);
  launchers.start(signal);
  dumpPods.start(signal);
  attachments.start(signal);
  kubevirts.start(signal);
  await Promise.all([vmis, launchers, dumpPods, attachments].map((informer) => informer.synced()));
  for (const each of [loop, ...ends]) {
    enqueueOnChange(each, vmis);
    enqueueOnChange(each, launchers, (pod: Pod) => keysOf(pod));
  }
  enqueueOnChange(loop, dumpPods, (pod) => [dumpedMachineOf(pod)]);
  for (const each of [loop, sockets]) enqueueOnChange(each, attachments, (pod) => [pluggedMachineOf(pod)]);
  enqueueOnChange(sockets, launchers, (pod: Pod) => keysOf(pod));
  vmis.onChange(({ type, object }) => {
    if (type === "deleted") records.forget(object.metadata?.uid ?? "");
  });
  launchers.onChange(({ type }) => {
    if (type !== "added") reaper.enqueue(reaperKey);
  });
  reaper.enqueue(reaperKey);
  const metrics = createNodeMetrics({ vmis, launchers, finder, monitors, records, guests, ...options });
  const streams = { consoles, vnc: createVncSessions(), usb: createUsbSlots() };
  const authorizeScraper = createAuthorizeScraper(client);
  const context = { vmis, launchers, finder, monitors, guests, metrics, authorizeScraper, log, ...streams };
  await startServer(context, { port, tls }, signal);
  startDownwardMetrics({ vmis, launchers, finder, log }, signal);
  await announce(options, node, signal);
  void mergePages(options, { node, kubevirts, events }, signal);
  signal.addEventListener("abort", () => {
    for (const each of [monitors, consoles, guests, metrics, metadata]) each.close();
  });
}

/** What stays as it is once it is known. */
type Facts = Omit<NodeFacts, "hasStaticCpuManager">;

async function announce(options: NodeAgentOptions, node: Informer<Node>, signal: AbortSignal): Promise<void> {
  const { client, nodeName, nodeIp, port, kvm, kubeletRoot, log } = options;
  const facts: Facts = { endpoint: `https://${nodeIp}:${port}`, kvm, processor: undefined };
  const allFacts = async () => ({ ...facts, hasStaticCpuManager: await hasStaticCpuManager(kubeletRoot) });
  const loop = runReconciler(createAnnouncer(client, node, allFacts), { signal, concurrency: 1 });
  node.start(signal);
  enqueueOnChange(loop, node);
  await node.synced();
  // Machines need not wait for it.
  const query = () => queryProcessor(kvm.usable ? "kvm" : "tcg");
  const learn = async (): Promise<void> => {
    facts.processor = await tellProcessor(query, { log, signal });
    loop.enqueue(nodeName);
  };
  void learn();
}

interface MergingPages {
  node: Informer<Node>;
  kubevirts: Informer<KubeVirt>;
  events: EventRecorder;
}

/** Not before the configuration is known: what was turned on would be turned off for a moment. */
async function mergePages(options: NodeAgentOptions, known: MergingPages, signal: AbortSignal): Promise<void> {
  const { client, nodeName, log } = options;
  const { node, kubevirts, events } = known;
  const configuration = liveConfiguration(kubevirts);
  await kubevirts.synced();
  const reconciler = createKsmReconciler({ client, node, configuration, events });
  const loop = runReconciler(reconciler, { signal, concurrency: 1, log });
  kubevirts.onChange(() => loop.enqueue(nodeName));
  enqueueOnChange(loop, node);
}

function keysOf(pod: Pod): string[] {
  const name = pod.metadata?.labels?.[labels.vmName];
  return name === undefined ? [] : [`${pod.metadata?.namespace}/${name}`];
}
