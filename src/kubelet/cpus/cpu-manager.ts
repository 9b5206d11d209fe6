/**
 * Keeps containers on their processors under the policy `static`: before one gets processors of its own, all others leave them.
 *
 *   start ──▶ who holds what? ──▶ choose ──▶ shared containers leave ──▶ the runtime creates it, annotated with what it has, and starts it
 *   every 10 s ▶ who holds what? ───────────▶ shared containers get what has become free
 *
 * Who holds what is read from the runtime's containers each time, so that nothing is lost with this process. Starts are one after the
 * other: what one chose must be seen by the next, and a container cannot be moved while it is being started.
 */
import { join } from "node:path";
import type { Container, Pod } from "../../../api/core.ts";
import { type CpuSet, formatCpuSet, parseCpuSet } from "../../base/cpu-set.ts";
import { messageOf, TerminalError } from "../../base/errors.ts";
import { writeAtomically } from "../../base/files.ts";
import type { Logger } from "../../base/log.ts";
import { type CriClient, isCriError } from "../../cri/client.ts";
import { type Container as RuntimeContainer, ContainerState } from "../../cri/gen/runtime/v1/api.gen.ts";
import { containerNameLabel, exclusiveCpusAnnotation, uidLabel } from "../pods/labels.ts";
import { chooseExclusive, exclusiveCount, type Processors, sharedPool } from "./assign.ts";

/** Where a container is to run; undefined: wherever the kernel likes. */
export type Placement = { cpus: string; isExclusive: boolean } | undefined;

export interface Created {
  containerId: string;
}

export interface CpuManager {
  /** @throws TerminalError when there are not so many processors left */
  place(pod: Pod, container: Container, start: (placement: Placement) => Promise<Created>): Promise<Created>;
  /** Brings every container to the processors that it should have. */
  settle(): Promise<void>;
}

/** Containers run wherever the kernel likes. */
export const noCpuManager: CpuManager = {
  place: (_pod, _container, start) => start(undefined),
  settle: () => Promise.resolve(),
};

export interface CpuManagerOptions {
  cri: CriClient;
  processors: Processors;
  /** Of the kubelet. */
  rootDir: string;
  log: Logger;
}

/** Kubernetes' kubelet keeps its state there; ours only tells it. */
export const stateFile = "cpu_manager_state";

export function createCpuManager({ cri, processors, rootDir, log }: CpuManagerOptions): CpuManager {
  /** What the shared containers were last given; unknown after a start. */
  let given = new Map<string, string>();
  let written = "";
  let turn: Promise<unknown> = Promise.resolve();

  /** One at a time, in order. */
  function alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  async function living(): Promise<RuntimeContainer[]> {
    const { containers } = await cri.runtime.listContainers({});
    return containers.filter(({ state }) => state !== ContainerState.CONTAINER_EXITED);
  }

  async function share(pool: string, containers: readonly RuntimeContainer[]): Promise<void> {
    const shared = containers.filter((container) => heldBy(container).length === 0);
    const before = given;
    given = new Map(shared.flatMap(({ id }) => (before.has(id) ? [[id, before.get(id) ?? ""]] : [])));
    for (const { id, state } of shared) {
      if (given.get(id) === pool) continue;
      await update(id, pool);
      // One that is still to run may be started with what it was created with: looked at again.
      if (state === ContainerState.CONTAINER_RUNNING) given.set(id, pool);
      else given.delete(id);
    }
  }

  async function update(containerId: string, cpus: string): Promise<void> {
    try {
      await cri.runtime.updateContainerResources({ containerId, linux: { cpusetCpus: cpus } });
    } catch (error) {
      if (!(await hasEnded(cri, containerId))) throw error;
      log.debug({ containerId, error: messageOf(error) }, "a container ended before it was moved");
    }
  }

  async function startShared(cpus: string, start: (placement: Placement) => Promise<Created>): Promise<Created> {
    const created = await start({ cpus, isExclusive: false });
    given.set(created.containerId, cpus);
    return created;
  }

  async function tell(containers: readonly RuntimeContainer[], pool: string): Promise<void> {
    const text = stateOf(containers, pool);
    if (text === written) return;
    await writeAtomically(join(rootDir, stateFile), text, 0o644);
    written = text;
  }

  return {
    place: (pod, container, start) =>
      alone(async () => {
        const containers = await living();
        const held = containers.flatMap(heldBy);
        const count = exclusiveCount(pod, container);
        if (count === 0) return startShared(formatCpuSet(sharedPool(processors, held)), start);
        const chosen = chooseExclusive(processors, held, count);
        if (chosen === undefined)
          throw new TerminalError("CreateContainerError", `not enough cpus available to satisfy request: ${count}`);
        await share(formatCpuSet(sharedPool(processors, [...held, ...chosen])), containers);
        return start({ cpus: formatCpuSet(chosen), isExclusive: true });
      }),
    settle: () =>
      alone(async () => {
        const containers = await living();
        const pool = formatCpuSet(sharedPool(processors, containers.flatMap(heldBy)));
        await share(pool, containers);
        await tell(containers, pool);
      }),
  };
}

export function heldBy({ annotations }: Pick<RuntimeContainer, "annotations">): CpuSet {
  return parseCpuSet(annotations[exclusiveCpusAnnotation] ?? "") ?? [];
}

async function hasEnded(cri: CriClient, containerId: string): Promise<boolean> {
  try {
    const { status } = await cri.runtime.containerStatus({ containerId });
    return status?.state === ContainerState.CONTAINER_EXITED;
  } catch (error) {
    return isCriError(error, "NotFound");
  }
}

/** As Kubernetes' kubelet writes it. */
export function stateOf(containers: readonly Pick<RuntimeContainer, "labels" | "annotations">[], pool: string): string {
  const entries: Record<string, Record<string, string>> = {};
  for (const container of containers) {
    const held = heldBy(container);
    if (held.length === 0) continue;
    const { [uidLabel]: uid = "", [containerNameLabel]: name = "" } = container.labels;
    entries[uid] = { ...entries[uid], [name]: formatCpuSet(held) };
  }
  return JSON.stringify({ policyName: "static", defaultCpuSet: pool, entries, checksum: 0 });
}
