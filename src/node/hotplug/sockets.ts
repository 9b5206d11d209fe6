/**
 * Gives the socket of whoever serves a plugged claim a name in the guest's launcher, where QEMU looks for it: at first, and each time that a
 * server is started again, also for a claim that is about to leave. QEMU is not asked: it may be waiting for just this, and answer nobody
 * meanwhile.
 */
import type { Pod } from "../../../api/core.ts";
import { claimOf, isReleased, volumeOf } from "../../../api/kubevirt/hotplug-volume.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { unlessMissing } from "../../base/files.ts";
import type { Informer } from "../../client/informer.ts";
import { servedSocket } from "../../qemu/domain/paths.ts";
import { parseObjectKey } from "../../runtime/object-key.ts";
import { isControlledBy } from "../../runtime/owner-references.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { launcherOf } from "../domain/observe.ts";
import { shareFile } from "../process/share-file.ts";
import { byPlugged, pluggedSocketOf, serverRuns, socketInode } from "./observe.ts";

export interface SocketContext {
  vmis: Informer<VirtualMachineInstance>;
  launchers: Informer<Pod>;
  /** Indexed `byPlugged`. */
  attachments: Informer<Pod>;
  kubeletRoot: string;
  /** Called with a machine's key when QEMU finds a server that it did not find before. */
  onLinked: (key: string) => void;
}

interface Server {
  pod: Pod;
  launcher: Pod;
  /** Inodes, where there is a socket. */
  served: number | undefined;
  linked: number | undefined;
}

interface Observation {
  key: string;
  nowMs: number;
  servers: readonly Server[];
}

interface Link extends Server {
  key: string;
}

/** Nobody tells when a server listens; one that was started again replaces the socket of the one before. */
const watchMs = 200;
const youngMs = 10_000;

export function createSocketReconciler(context: SocketContext): Reconciler<Observation, Link> {
  return {
    name: "plugged-sockets",
    observe: (key) => observe(context, key),
    plan: ({ key, servers }) =>
      servers
        .filter(({ served, linked }) => served !== undefined && served !== linked)
        .map((server) => ({ ...server, key })),
    execute: (link) => execute(context, link),
    requeueAfterMs: ({ servers, nowMs }) =>
      servers.some(({ pod, served }) => served === undefined || nowMs - startedMs(pod) < youngMs) ? watchMs : undefined,
  };
}

/** The servers that run. */
async function observe(context: SocketContext, key: string): Promise<Observation | undefined> {
  const { namespace, name } = parseObjectKey(key);
  const vmi = context.vmis.get(namespace, name);
  const launcher = vmi && launcherOf(context.launchers, vmi);
  if (vmi === undefined || launcher === undefined) return undefined;
  const pods = context.attachments
    .byIndex(byPlugged, key)
    .filter((pod) => isControlledBy(pod, vmi) && !isReleased(vmi, pod) && serverRuns(pod));
  const servers = await Promise.all(
    pods.map(async (pod) => ({
      pod,
      launcher,
      served: await socketInode(context.kubeletRoot, pod, servedSocket),
      linked: await socketInode(context.kubeletRoot, launcher, socketNameOf(pod)),
    })),
  );
  return { key, nowMs: Date.now(), servers };
}

function socketNameOf(pod: Pod): string {
  return pluggedSocketOf({ name: volumeOf(pod), claimName: claimOf(pod) });
}

function startedMs({ status }: Pod): number {
  return Date.parse(status?.containerStatuses?.[0]?.state?.running?.startedAt ?? "") || 0;
}

/** A server that has gone meanwhile is seen at the next look. */
async function execute({ kubeletRoot, onLinked }: SocketContext, { key, pod, launcher }: Link): Promise<void> {
  const [from = "", to = ""] = [pod.metadata?.uid, launcher.metadata?.uid];
  await unlessMissing(shareFile({ kubeletRoot, from, to, volume: "run", name: servedSocket, as: socketNameOf(pod) }));
  onLinked(key);
}
