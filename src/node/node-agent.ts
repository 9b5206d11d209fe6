/**
 * The VM node agent: brings the guests of this node's launcher pods to life, reports on them and gives access to them.
 *
 *   API server ──watch── VMIs, launcher pods ─┐
 *                                             ├─▶ keys ─▶ domain reconciler ─▶ QEMU, network, files, VMI status
 *   QEMU ──── QMP events ─────────────────────┘
 *   API extension ── HTTPS ─▶ server ─▶ console, VNC, pause, guest agent ...
 *
 * It holds no state of its own: whatever it needs to know after a restart it reads from the API, /proc and QEMU.
 */
import { join } from "node:path";
import { type Pod, pods } from "../../api/core.ts";
import { labels, launcherApp } from "../../api/kubevirt/names.ts";
import { virtualMachineInstances } from "../../api/kubevirt/resources.ts";
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { Client } from "../client/client.ts";
import { createInformer } from "../client/create-informer.ts";
import { createEventRecorder } from "../runtime/event-recorder.ts";
import { objectKey } from "../runtime/object-key.ts";
import { enqueueOnChange, runReconciler } from "../runtime/run-reconciler.ts";
import { byVmiUid, vmiUidOf } from "./domain/observe.ts";
import { createDomainReconciler } from "./domain/reconciler.ts";
import { createDomainRecords } from "./domain/records.ts";
import { createMonitors } from "./monitor/monitors.ts";
import { createDhcpReaper, reaperKey } from "./process/dhcp-reaper.ts";
import { createQemuFinder } from "./process/find-qemu.ts";

export interface NodeAgentOptions {
  client: Client;
  nodeName: string;
  /** Name of the installation; several may share a machine. */
  instance: string;
  /** Root directory of the kubelet that runs the pods. */
  kubeletRoot: string;
  port: number;
  nodeIp: string;
  /** PEM. */
  tls: { certificate: string; key: string; clientCa: string };
  log: Logger;
}

export interface NodeAgent {
  /** Resolves once it serves and has looked at every guest; runs until the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
}

const concurrency = 8;

export function createNodeAgent(options: NodeAgentOptions): NodeAgent {
  return { start: (signal) => start(options, signal) };
}

async function start({ client, nodeName, kubeletRoot, log }: NodeAgentOptions, signal: AbortSignal): Promise<void> {
  const vmis = createInformer(client, virtualMachineInstances);
  const launchers = createInformer(client, pods, {
    labelSelector: `${labels.app}=${launcherApp}`,
    fieldSelector: `spec.nodeName=${nodeName}`,
    indexes: { [byVmiUid]: (pod) => [vmiUidOf(pod)] },
  });
  const records = createDomainRecords();
  const events = createEventRecorder(client, { component: "virt-handler", host: nodeName });
  const finder = createQemuFinder();
  const dhcpDirectory = join(kubeletRoot, "plugins", "vmpod", "dhcp");
  const reaper = runReconciler(createDhcpReaper(dhcpDirectory, finder), { signal, concurrency: 1, log });
  const monitors = createMonitors({
    onEvent: (key) => loop.enqueue(key),
    onClosed(key) {
      loop.enqueue(key);
      reaper.enqueue(reaperKey);
    },
  });
  const reconciler = createDomainReconciler({
    client,
    vmis,
    launchers,
    finder,
    monitors,
    records,
    events,
    dhcpDirectory,
  });
  const loop = runReconciler(reconciler, {
    signal,
    concurrency,
    log,
    onFailure(key, error) {
      const vmi = vmis.list().find((each) => objectKey(each) === key);
      if (vmi === undefined) return;
      records.of(vmi.metadata?.uid ?? "").failure = messageOf(error);
      events.record(vmi, "Warning", "SyncFailed", messageOf(error));
      loop.enqueueAfter(key, 50);
    },
  });
  vmis.start(signal);
  launchers.start(signal);
  await Promise.all([vmis.synced(), launchers.synced()]);
  enqueueOnChange(loop, vmis);
  enqueueOnChange(loop, launchers, (pod: Pod) => keysOf(pod));
  launchers.onChange(({ type }) => {
    if (type !== "added") reaper.enqueue(reaperKey);
  });
  reaper.enqueue(reaperKey);
  void loop.stopped.then(() => monitors.close());
}

function keysOf(pod: Pod): string[] {
  const name = pod.metadata?.labels?.[labels.vmName];
  return name === undefined ? [] : [`${pod.metadata?.namespace}/${name}`];
}
