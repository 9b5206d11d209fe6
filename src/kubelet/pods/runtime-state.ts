/** Reads what the container runtime has of one pod. */
import { isCriError, type CriClient } from "../../cri/client.ts";
import { gracePeriodAnnotation } from "../../cri/containerd/remove-pods.ts";
import {
  type Container,
  type ContainerStatus,
  ContainerState,
  type PodSandbox,
  type PodSandboxNetworkStatus,
  PodSandboxState,
} from "../../cri/gen/runtime/v1/api.gen.ts";
import { backoffLevelAnnotation, resourcesAnnotation, specHashAnnotation, uidLabel } from "./labels.ts";
import type { RuntimeContainer, RuntimeState, SandboxState } from "./observation.ts";
import { terminationMessage } from "./termination-message.ts";

export async function readRuntimeState(cri: CriClient, rootDir: string, uid: string): Promise<RuntimeState> {
  const labelSelector = { [uidLabel]: uid };
  const [{ items }, { containers }] = await Promise.all([
    cri.runtime.listPodSandbox({ filter: { labelSelector } }),
    cri.runtime.listContainers({ filter: { labelSelector } }),
  ]);
  const sandboxes = await Promise.all(items.map((sandbox) => readSandbox(cri, sandbox)));
  const read = await Promise.all(containers.map((container) => readContainer(cri, rootDir, uid, container)));
  return {
    sandboxes: sandboxes.filter((s) => s !== undefined).toSorted(newestFirst),
    containers: read.filter((c) => c !== undefined).toSorted(newestFirst),
  };
}

const newestFirst = (a: { attempt: number }, b: { attempt: number }): number => b.attempt - a.attempt;

async function readSandbox(cri: CriClient, sandbox: PodSandbox): Promise<SandboxState | undefined> {
  const ready = sandbox.state === PodSandboxState.SANDBOX_READY;
  return {
    id: sandbox.id,
    namespace: sandbox.metadata?.namespace ?? "",
    name: sandbox.metadata?.name ?? "",
    attempt: sandbox.metadata?.attempt ?? 0,
    ready,
    createdAtMs: msOf(sandbox.createdAt),
    ips: ready ? await readSandboxIps(cri, sandbox.id) : [],
  };
}

export async function readSandboxIps(cri: CriClient, podSandboxId: string): Promise<string[]> {
  const { status } = (await unlessGone(cri.runtime.podSandboxStatus({ podSandboxId }))) ?? {};
  return addressesOf(status?.network);
}

export function addressesOf(network: PodSandboxNetworkStatus | undefined): string[] {
  return network?.ip ? [network.ip, ...network.additionalIps.map(({ ip }) => ip)] : [];
}

async function readContainer(
  cri: CriClient,
  rootDir: string,
  uid: string,
  container: Container,
): Promise<RuntimeContainer | undefined> {
  const answer = await unlessGone(cri.runtime.containerStatus({ containerId: container.id }));
  const status = answer?.status;
  if (status === undefined) {
    return undefined;
  }
  const phase = phaseOf(status.state);
  const attempt = status.metadata?.attempt ?? 0;
  const name = status.metadata?.name ?? "";
  return {
    id: status.id,
    sandboxId: container.podSandboxId,
    name,
    attempt,
    phase,
    startedAtMs: msOf(status.startedAt),
    finishedAtMs: msOf(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message:
      phase === "exited"
        ? await terminationMessage({ rootDir, uid, container: name, attempt, status })
        : status.message,
    image: status.image?.userSpecifiedImage || (status.image?.image ?? ""),
    imageId: status.imageRef,
    logPath: status.logPath,
    ...fromAnnotations(status),
  };
}

function fromAnnotations({
  annotations,
}: ContainerStatus): Pick<RuntimeContainer, "specHash" | "resources" | "backoffLevel" | "gracePeriodSeconds"> {
  return {
    specHash: annotations[specHashAnnotation] ?? "",
    resources: annotations[resourcesAnnotation] ?? "",
    backoffLevel: Number(annotations[backoffLevelAnnotation] ?? 0),
    gracePeriodSeconds: Number(annotations[gracePeriodAnnotation] ?? 30),
  };
}

function phaseOf(state: ContainerState): RuntimeContainer["phase"] {
  switch (state) {
    case ContainerState.CONTAINER_CREATED:
      return "created";
    case ContainerState.CONTAINER_RUNNING:
      return "running";
    case ContainerState.CONTAINER_EXITED:
      return "exited";
    default:
      return "unknown";
  }
}

const msOf = (nanoseconds: bigint): number => Number(nanoseconds / 1_000_000n);

/** Between listing and asking, a container may have been removed. */
async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isCriError(error, "NotFound")) {
      return undefined;
    }
    throw error;
  }
}
