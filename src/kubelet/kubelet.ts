/**
 * Runs the pods that the API server assigns to this node, over the container runtime.
 *
 *   pods of this node --watch--\
 *   containerd events ----------> wake(uid) --> pod worker: observe -> report -> plan -> act
 *   relist every 30 s ---------/
 *
 * Everything is found again after a restart: pods from the API, containers from the runtime by their labels, mounts
 * from the kernel. So this process may die at any moment; containers go on without it.
 */
import { chmod, mkdir } from "node:fs/promises";
import { totalmem, availableParallelism } from "node:os";
import { type Pod, pods, type Service, services } from "../../api/core.ts";
import { createInformer } from "../client/create-informer.ts";
import { viewOwners } from "../cri/containerd/image-views.ts";
import { removeOrphanNetworks } from "../cri/containerd/orphan-networks.ts";
import { killOrphanShims } from "../cri/containerd/orphan-shims.ts";
import { connectCri } from "../cri/client.ts";
import { chooseCpuManager } from "./cpus/choose-cpu-manager.ts";
import { noCpuManager } from "./cpus/cpu-manager.ts";
import { createEventRecorder } from "../runtime/event-recorder.ts";
import type { KubeletContext } from "./context.ts";
import { createPodEvents } from "./events.ts";
import { every } from "./every.ts";
import { listIfThere } from "../base/files.ts";
import { createTurns } from "../base/turns.ts";
import { rotateLogs } from "./logs/rotate.ts";
import { createNetworkKeeper } from "./network-keeper.ts";
import { serveKubeletApi } from "./server/serve.ts";
import type { ServerContext } from "./server/target.ts";
import { runNodeAgent } from "./node/node-agent.ts";
import type { KubeletOptions } from "./options.ts";
import { createExecutor } from "./pods/executor.ts";
import { uidLabel } from "./pods/labels.ts";
import { podsDir } from "./pods/paths.ts";
import { overcommitment } from "./pods/overcommitment.ts";
import { createPodWorker, type PodWorker } from "./pods/pod-worker.ts";
import { createProbeManager } from "./probes/probe-manager.ts";
import { followRuntimeEvents } from "./runtime-events.ts";
import { refreshVolumes } from "./volumes/projected.ts";

export interface Kubelet {
  /** Resolves when the node is registered as far as it can be and pods are watched. Runs until the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
}

const relistEveryMs = 30_000;
const refreshVolumesEveryMs = 30_000;
/** A shim that is just ending looks like an orphan. */
const orphanAgeMs = 20_000;
/** Longer than the runtime may take over making one sandbox. */
const orphanNetworkAgeMs = 120_000;
const settleCpusEveryMs = 10_000;
const rotateLogsEveryMs = 10_000;

export function createKubelet(options: KubeletOptions): Kubelet {
  const cri = connectCri(options.criSocket);
  const fieldSelector = `spec.nodeName=${options.nodeName}`;
  const byUid = new Map<string, Pod>();
  const podInformer = createInformer(options.client, pods, { fieldSelector });
  const serviceInformer = createInformer<Service>(options.client, services);
  const recorder = createEventRecorder(options.client, { component: "kubelet", host: options.nodeName });
  const machine = { memoryBytes: totalmem(), cpus: availableParallelism() };
  const context: ServerContext = {
    ...options,
    cri,
    events: createPodEvents(recorder),
    services: () => serviceInformer.list(),
    podByUid: (uid) => byUid.get(uid),
    findPod: (namespace, name) => podInformer.get(namespace, name),
    listPods: () => podInformer.list(),
    overcommitment: () => overcommitment([...byUid.values()], machine),
    machine,
    starts: createTurns(2 * availableParallelism()),
    cpus: noCpuManager,
  };
  const worker = createPodWorker(context, createExecutor(context), createProbeManager(context));

  const network = createNetworkKeeper(options, byUid);

  function watchPods(): void {
    podInformer.onChange(({ type, object }) => {
      const uid = object.metadata?.uid ?? "";
      if (type === "deleted") {
        byUid.delete(uid);
      } else {
        byUid.set(uid, object);
      }
      worker.wake(uid);
      network.refresh();
    });
  }

  return {
    async start(signal) {
      await mkdir(podsDir(options.rootDir), { recursive: true });
      // Volumes and logs in there are open to any user, as containers run as any.
      await chmod(options.rootDir, 0o700);
      const { reservedCpus, rootDir, log } = options;
      context.cpus = await chooseCpuManager({ cri, reservedCpus, rootDir, log });
      watchPods();
      podInformer.start(signal);
      serviceInformer.start(signal);
      await serveKubeletApi(context, signal);
      runNodeAgent(context, signal);
      await Promise.all([podInformer.synced(), serviceInformer.synced()]);
      // Only now is a pod that the API does not know one that is to be removed.
      followEvents(context, worker, signal);
      every(options.log, "list pods of the runtime", relistEveryMs, signal, () => wakeAll(context, worker, byUid));
      every(options.log, "keep containers on their processors", settleCpusEveryMs, signal, () => context.cpus.settle());
      every(options.log, "rotate logs", rotateLogsEveryMs, signal, () => rotateLogs(cri, options.rootDir));
      every(options.log, "end orphan shims", relistEveryMs, signal, () =>
        killOrphanShims(cri, options.criSocket, orphanAgeMs),
      );
      every(options.log, "remove orphan networks", relistEveryMs, signal, () =>
        removeOrphanNetworks(cri, options.criSocket, orphanNetworkAgeMs),
      );
      network.start(signal);
      every(options.log, "refresh volumes", refreshVolumesEveryMs, signal, () => refreshAll(context, worker, byUid));
      signal.addEventListener("abort", () => void worker.close().then(() => cri.close()), { once: true });
    },
  };
}

function followEvents(context: KubeletContext, worker: PodWorker, signal: AbortSignal): void {
  const handlers = {
    onExit: (id: string) => worker.noteExit(id),
    onGap: () => worker.known().forEach((uid) => worker.wake(uid)),
  };
  void followRuntimeEvents(context.cri, context.log, handlers, signal);
}

/** Wakes everything that the API, the runtime or the disk knows: orphans are cleaned up by the same loop. */
async function wakeAll(context: KubeletContext, worker: PodWorker, byUid: ReadonlyMap<string, Pod>): Promise<void> {
  const onDisk = await listIfThere(podsDir(context.rootDir));
  const { items } = await context.cri.runtime.listPodSandbox({});
  const inRuntime = items.map(({ labels }) => labels[uidLabel]).filter((uid) => uid !== undefined);
  const withViews = await viewOwners(context.cri);
  for (const uid of new Set([...byUid.keys(), ...onDisk, ...inRuntime, ...withViews, ...worker.known()])) {
    worker.wake(uid);
  }
}

async function refreshAll(context: KubeletContext, worker: PodWorker, byUid: ReadonlyMap<string, Pod>): Promise<void> {
  for (const [uid, pod] of byUid) {
    const memory = worker.memoryOf(uid);
    if (memory?.volumesReady === true) {
      await refreshVolumes(context, pod, memory);
    }
  }
}
