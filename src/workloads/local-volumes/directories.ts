/** The node's part of local volumes: makes the directory of each volume, and removes it when the volume is released. */
import { chmod, mkdir, rm } from "node:fs/promises";
import { type PersistentVolume, persistentVolumes } from "../../../api/core.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, runReconciler } from "../../runtime/run-reconciler.ts";
import { localProvisioner, provisionedByAnnotation } from "./plan.ts";

export interface VolumeDirectoriesOptions {
  client: Client;
  /** Only paths below this directory are ever made or removed. */
  volumesDir: string;
  signal: AbortSignal;
}

type Action = { kind: "make"; path: string } | { kind: "reclaim"; name: string; path: string };

export function startVolumeDirectories({ client, volumesDir, signal }: VolumeDirectoriesOptions): void {
  const volumes = createInformer<PersistentVolume>(client, persistentVolumes);
  const made = new Set<string>();
  const loop = runReconciler(reconciler(), { signal });
  enqueueOnChange(loop, volumes);
  volumes.start(signal);

  function reconciler(): Reconciler<PersistentVolume, Action> {
    return {
      name: "volume-directories",
      observe: async (key) => volumes.get(undefined, key),
      plan({ metadata, spec, status }) {
        const path = spec?.hostPath?.path ?? "";
        const isOurs = metadata?.annotations?.[provisionedByAnnotation] === localProvisioner;
        if (!isOurs || !path.startsWith(`${volumesDir}/`) || path.includes("..")) return [];
        const isReleased = status?.phase === "Released" && spec?.persistentVolumeReclaimPolicy === "Delete";
        if (isReleased) return [{ kind: "reclaim", name: metadata?.name ?? "", path }];
        return made.has(path) ? [] : [{ kind: "make", path }];
      },
      async execute(action) {
        if (action.kind === "make") return make(action.path);
        await rm(action.path, { recursive: true, force: true });
        await client.delete(persistentVolumes, { name: action.name }).catch((error: unknown) => {
          if (!isStatus(error, "NotFound")) throw error;
        });
      },
    };
  }

  async function make(path: string): Promise<void> {
    await mkdir(path, { recursive: true });
    // Containers run as any user; who may mount the volume is decided by the API. Nobody else on the machine comes here.
    await chmod(volumesDir, 0o700);
    await chmod(path, 0o777);
    made.add(path);
  }
}
