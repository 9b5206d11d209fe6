/**
 * Brings one container up: image, configuration, create, start, postStart hook. A failure carries the reason that
 * the container's status shows while it waits for the next try.
 */
import type { Container, Pod } from "../../../api/core.ts";
import { InvariantError, messageOf, TerminalError } from "../../base/errors.ts";
import { containerConfig } from "../config/container.ts";
import { containerEnv } from "../config/env.ts";
import type { PodFacts } from "../config/field-ref.ts";
import type { Created, Placement } from "../cpus/cpu-manager.ts";
import { type KubeletContext, urgency } from "../context.ts";
import { attachNetworks, networksTextOf } from "../networks/attached-networks.ts";
import type { Action } from "../pods/actions.ts";
import { runFailure } from "../pods/cut-short.ts";
import type { MutablePodMemory } from "../pods/memory.ts";
import { readSandboxIps } from "../pods/runtime-state.ts";
import { createReferences } from "../references.ts";
import { containerMounts } from "./container-mounts.ts";
import { endContainer } from "./end-container.ts";
import { ensureImage } from "./ensure-image.ts";
import { requireWanted } from "./pull-image.ts";
import { runHook } from "./run-hook.ts";
import { sandboxConfigOf } from "./run-sandbox.ts";

type Start = Extract<Action, { type: "start-container" }>;

export async function startContainer(
  context: KubeletContext,
  pod: Pod,
  action: Start,
  memory: MutablePodMemory,
): Promise<void> {
  const container = specOf(pod, action.container);
  const image = await ensureImage(context, pod, container, memory);
  requireWanted(memory.deleted.signal);
  const facts = await podFacts(context, action.sandboxId, pod);
  await reported(context, pod, "NetworkNotReady", async () => {
    await attachNetworks(context, pod, action.sandboxId);
    memory.networks = networksTextOf(pod);
    await context.admitAddresses?.(pod, facts.podIps);
  });
  const input = await reported(context, pod, "CreateContainerConfigError", async () => {
    const env = await containerEnv({
      pod,
      container,
      facts,
      services: context.services(),
      references: createReferences(context.client, pod.metadata?.namespace ?? ""),
    });
    const { mounts, blockDevices } = await containerMounts(context, {
      pod,
      container,
      attempt: action.attempt,
      env,
      facts,
      memory,
    });
    return {
      pod,
      container,
      attempt: action.attempt,
      backoffLevel: action.backoffLevel,
      imageId: image.id,
      imageUser: image.user,
      env,
      mounts,
      blockDevices,
      devices: context.devices,
      nodeMemoryBytes: context.machine.memoryBytes,
      seccompDir: `${context.rootDir}/seccomp`,
    };
  });
  const { runtime } = context.cri;
  const podSandboxId = action.sandboxId;
  const sandbox = await sandboxConfigOf(context, pod, 0);
  const createAndStart = async (placement: Placement): Promise<Created> => {
    const config = containerConfig(input, placement);
    const { containerId } = await because("CreateContainerError", () =>
      runtime.createContainer({ podSandboxId, config, sandboxConfig: sandbox }),
    );
    context.events.normal(pod, "Created", `Created container: ${container.name}`);
    await because(runFailure, () => runtime.startContainer({ containerId }));
    return { containerId };
  };
  const { containerId } = await reported(context, pod, "CreateContainerError", () =>
    context.starts.take(urgency.container, () => context.cpus.place(pod, container, createAndStart)),
  );
  context.events.normal(pod, "Started", `Started container ${container.name}`);
  await postStart(context, pod, container, containerId, facts);
}

function specOf(pod: Pod, name: string): Container {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const container = all.find((candidate) => candidate.name === name);
  if (container === undefined) {
    throw new InvariantError(`pod ${pod.metadata?.name} has no container ${name}`);
  }
  return container;
}

async function podFacts(context: KubeletContext, sandboxId: string, pod: Pod): Promise<PodFacts> {
  const podIps = pod.spec?.hostNetwork === true ? [context.nodeIp] : await readSandboxIps(context.cri, sandboxId);
  const { cpus, memoryBytes } = context.machine;
  return {
    nodeName: context.nodeName,
    hostIp: context.nodeIp,
    podIps,
    allocatable: { cpu: String(cpus), memory: String(memoryBytes) },
  };
}

/** Errors that have no reason of their own get this one; each becomes an event. */
async function reported<T>(context: KubeletContext, pod: Pod, reason: string, work: () => Promise<T>): Promise<T> {
  try {
    return await because(reason, work);
  } catch (error) {
    context.events.warning(pod, "Failed", `Error: ${messageOf(error)}`);
    throw error;
  }
}

async function because<T>(reason: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof TerminalError ? error : new TerminalError(reason, messageOf(error));
  }
}

async function postStart(
  context: KubeletContext,
  pod: Pod,
  container: Container,
  containerId: string,
  facts: PodFacts,
): Promise<void> {
  const hook = container.lifecycle?.postStart;
  if (hook === undefined) {
    return;
  }
  try {
    await runHook(context, { hook, container, containerId, podIp: facts.podIps[0] ?? "" });
  } catch (error) {
    const message = `PostStartHook failed: ${messageOf(error)}`;
    context.events.warning(pod, "FailedPostStartHook", message);
    await endContainer(context.cri, containerId, pod.spec?.terminationGracePeriodSeconds ?? 30);
    throw new TerminalError("PostStartHookError", message);
  }
}
