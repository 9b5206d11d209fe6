/** Keeps container logs small: a log that grew too large is put aside and the runtime begins a new one. */
import { rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { CriClient } from "../../cri/client.ts";
import { type Container, ContainerState } from "../../cri/gen/runtime/v1/api.gen.ts";
import { listIfThere, unlessMissing } from "../../base/files.ts";
import { containerNameLabel, podNameLabel, podNamespaceLabel, uidLabel } from "../pods/labels.ts";
import { containerLogName, podLogDir } from "../pods/paths.ts";

export interface RotationLimits {
  maxBytes: number;
  /** Including the one being written. */
  maxFiles: number;
}

export const defaultLimits: RotationLimits = { maxBytes: 10 * 1024 ** 2, maxFiles: 5 };

export async function rotateLogs(cri: CriClient, rootDir: string, limits = defaultLimits): Promise<void> {
  const filter = { state: { state: ContainerState.CONTAINER_RUNNING } };
  const { containers } = await cri.runtime.listContainers({ filter });
  for (const container of containers) {
    const path = logPathOf(container, rootDir);
    if ((await sizeOf(path)) > limits.maxBytes) {
      await rotate(cri, container.id, path, limits);
    }
  }
}

function logPathOf({ labels, metadata }: Container, rootDir: string): string {
  const id = {
    uid: labels[uidLabel] ?? "",
    name: labels[podNameLabel] ?? "",
    namespace: labels[podNamespaceLabel] ?? "",
  };
  return join(podLogDir(rootDir, id), containerLogName(labels[containerNameLabel] ?? "", metadata?.attempt ?? 0));
}

async function sizeOf(path: string): Promise<number> {
  return (await unlessMissing(stat(path)))?.size ?? 0;
}

async function rotate(cri: CriClient, containerId: string, path: string, limits: RotationLimits): Promise<void> {
  const aside = `${path}.${new Date().toISOString().replaceAll(/[-:]/g, "")}`;
  await rename(path, aside);
  try {
    await cri.runtime.reopenContainerLog({ containerId });
  } catch (error) {
    await rename(aside, path); // the runtime goes on writing to it
    throw error;
  }
  const older = (await listIfThere(dirname(path))).filter((name) => name.startsWith(`${basename(path)}.`)).sort();
  const surplus = older.slice(0, Math.max(0, older.length - (limits.maxFiles - 1)));
  await Promise.all(surplus.map((name) => rm(join(dirname(path), name))));
}
