import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import pino from "pino";
import type { Container, Pod } from "../../../api/core.ts";
import { parseCpuSet } from "../../base/cpu-set.ts";
import type { CriClient } from "../../cri/client.ts";
import { ContainerState } from "../../cri/gen/runtime/v1/api.gen.ts";
import { containerNameLabel, exclusiveCpusAnnotation, uidLabel } from "../pods/labels.ts";
import { createCpuManager, type CpuManager, stateFile } from "./cpu-manager.ts";

const rootDir = mkdtempSync(join(tmpdir(), "vmpod-cpus-"));
after(() => rmSync(rootDir, { recursive: true }));

interface Running {
  id: string;
  cpus: number[];
  state: ContainerState;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** A runtime whose containers are where they were told to be. */
function newRuntime() {
  const containers: Running[] = [];
  const find = (id: string) => containers.find((each) => each.id === id);
  const runtime = {
    listContainers: async () => {
      await turn();
      return { containers: [...containers] };
    },
    updateContainerResources: async ({
      containerId,
      linux,
    }: {
      containerId: string;
      linux: { cpusetCpus: string };
    }) => {
      await turn();
      const container = find(containerId);
      if (container?.state !== ContainerState.CONTAINER_RUNNING) throw new Error("it does not run");
      container.cpus = parseCpuSet(linux.cpusetCpus) ?? [];
    },
    containerStatus: ({ containerId }: { containerId: string }) =>
      Promise.resolve({ status: { state: find(containerId)?.state ?? ContainerState.CONTAINER_EXITED } }),
  };
  return { containers, cri: { runtime } as unknown as CriClient };
}

type Runtime = ReturnType<typeof newRuntime>;

const processors = { all: [0, 1, 2, 3, 4, 5], reserved: [0], cores: new Map<number, string>() };

const managerOf = ({ cri }: Runtime): CpuManager =>
  createCpuManager({ cri, processors, rootDir, log: pino({ level: "silent" }) });

let count = 0;

function start({ containers }: Runtime, manager: CpuManager, cpus: number): Promise<{ containerId: string }> {
  const id = `c${count++}`;
  const limits = { cpu: String(cpus), memory: "1Mi" };
  const container: Container = {
    name: "main",
    image: "a",
    ...(cpus > 0 && { resources: { limits, requests: limits } }),
  };
  const pod: Pod = { metadata: { uid: id }, spec: { containers: [container] } };
  return manager.place(pod, container, async (placement) => {
    await turn();
    const annotations: Record<string, string> = placement?.isExclusive
      ? { [exclusiveCpusAnnotation]: placement.cpus }
      : {};
    const labels = { [uidLabel]: id, [containerNameLabel]: "main" };
    const state = ContainerState.CONTAINER_RUNNING;
    containers.push({ id, labels, annotations, state, cpus: parseCpuSet(placement?.cpus ?? "") ?? [] });
    assertApart(containers);
    return { containerId: id };
  });
}

/** Nobody is on the processors of another one's own. */
function assertApart(containers: readonly Running[]): void {
  const living = containers.filter(({ state }) => state === ContainerState.CONTAINER_RUNNING);
  for (const holder of living.filter(({ annotations }) => annotations[exclusiveCpusAnnotation]))
    for (const other of living.filter((each) => each !== holder))
      assert.ok(!other.cpus.some((cpu) => holder.cpus.includes(cpu)), `${other.id} is on ${holder.id}'s processors`);
}

test("however many start and end at once, and whoever is killed meanwhile, each has its own and the others the rest", async () => {
  const world = newRuntime();
  let manager = managerOf(world);
  let seed = 11;
  const random = (below: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
  for (let round = 0; round < 60; round++) {
    const starts = Array.from({ length: 1 + random(4) }, () => start(world, manager, random(3)));
    for (const container of world.containers) if (random(3) === 0) container.state = ContainerState.CONTAINER_EXITED;
    const results = await Promise.allSettled(starts);
    for (const result of results)
      if (result.status === "rejected") assert.match(String(result.reason), /not enough cpus available/);
    if (random(4) === 0) manager = managerOf(world);
    await manager.settle();
    assertApart(world.containers);
    const living = world.containers.filter(({ state }) => state === ContainerState.CONTAINER_RUNNING);
    const held = living.flatMap(({ annotations }) => parseCpuSet(annotations[exclusiveCpusAnnotation] ?? "") ?? []);
    for (const { annotations, cpus } of living)
      if (!annotations[exclusiveCpusAnnotation])
        assert.deepEqual(
          cpus,
          processors.all.filter((cpu) => !held.includes(cpu)),
        );
  }
});

test("the state is told in Kubernetes' words", async () => {
  const world = newRuntime();
  const manager = managerOf(world);
  const { containerId } = await start(world, manager, 2);
  await manager.settle();
  assert.deepEqual(JSON.parse(readFileSync(join(rootDir, stateFile), "utf8")), {
    policyName: "static",
    defaultCpuSet: "0,3-5",
    entries: { [containerId]: { main: "1-2" } },
    checksum: 0,
  });
});
