/** What a request path is about: `/VERB/NAMESPACE/POD[/CONTAINER]`. */
import type { Pod } from "../../../api/core.ts";
import { StatusError } from "../../base/errors.ts";
import { previousStatus } from "../pods/lifetime.ts";
import type { RuntimeContainer, RuntimeState } from "../pods/observation.ts";
import { readRuntimeState } from "../pods/runtime-state.ts";
import type { KubeletContext } from "../context.ts";

export interface ServerContext extends KubeletContext {
  findPod(namespace: string, name: string): Pod | undefined;
  listPods(): Pod[];
}

export interface PodTarget {
  pod: Pod;
  runtime: RuntimeState;
  containerName: string | undefined;
}

/** @throws StatusError NotFound */
export async function findTarget(
  context: ServerContext,
  [namespace = "", name = "", container]: string[],
): Promise<PodTarget> {
  const pod = context.findPod(namespace, name);
  if (pod === undefined) {
    throw new StatusError("NotFound", `pod "${name}" in namespace "${namespace}" is not on this node`, {
      name,
      kind: "pods",
    });
  }
  const runtime = await readRuntimeState(context.cri, context.rootDir, pod.metadata?.uid ?? "");
  return { pod, runtime, containerName: container ?? pod.spec?.containers[0]?.name };
}

/** @throws StatusError BadRequest when there is no such container, or none yet */
export function containerOf({ pod, runtime, containerName: name = "" }: PodTarget, previous = false): RuntimeContainer {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  if (!all.some((container) => container.name === name)) {
    throw new StatusError("BadRequest", `container ${name} is not valid for pod ${pod.metadata?.name}`);
  }
  const found = runtime.containers.filter((container) => container.name === name)[previous ? 1 : 0];
  if (found === undefined) {
    throw new StatusError("BadRequest", previous ? noPrevious(pod, name) : notStarted(pod, name));
  }
  return found;
}

const noPrevious = (pod: Pod, name: string): string =>
  `previous terminated container "${name}" in pod "${pod.metadata?.name}" not found`;

function notStarted(pod: Pod, name: string): string {
  const reason = previousStatus(pod, name)?.state?.waiting?.reason ?? "ContainerCreating";
  return `container "${name}" in pod "${pod.metadata?.name}" is waiting to start: ${reason}`;
}

/** @throws StatusError BadRequest */
export function runningContainer(target: PodTarget): RuntimeContainer {
  const container = containerOf(target);
  if (container.phase !== "running") {
    const pod = target.pod.metadata?.name;
    throw new StatusError(
      "BadRequest",
      `container "${container.name}" in pod "${pod}" is not running (${container.phase})`,
    );
  }
  return container;
}
