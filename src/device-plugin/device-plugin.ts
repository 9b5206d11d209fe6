/**
 * Offers devices to the kubelet and keeps them offered.
 *
 *   kubelet.sock appears --> serve on our own socket beside it --> register
 *        ^                                                            |
 *        '--- the kubelet restarts: it removes every socket in the directory, and makes its own anew
 */
import { watch } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../base/errors.ts";
import { unlessMissing } from "../base/files.ts";
import type { Logger } from "../base/log.ts";
import type { DeviceResource } from "./device-resource.ts";
import { register } from "./register.ts";
import { type PluginServer, servePlugin } from "./serve.ts";

export interface DevicePluginOptions {
  /** Where the kubelet's socket is. It is the same for every kubelet, whatever its root directory. */
  directory?: string;
  /** Stem of our own sockets' names there. */
  prefix: string;
  resource: DeviceResource;
  log: Logger;
  signal: AbortSignal;
}

const kubeletDirectory = "/var/lib/kubelet/device-plugins";
const retryMs = 2_000;
/** Watching tells at once; should it miss something, this is how long it takes. */
const lookAgainMs = 10_000;

/** Runs until the signal aborts. */
export async function offerDevice(options: DevicePluginOptions): Promise<void> {
  const { directory = kubeletDirectory, prefix, resource, log, signal } = options;
  const endpoint = `${prefix}-${resource.name.split("/").at(-1)}.sock`;
  const kubeletSocket = join(directory, "kubelet.sock");
  const ownSocket = join(directory, endpoint);
  let offer: Offer | undefined;
  while (!signal.aborted) {
    try {
      // Watched from before we look, so that nothing that happens in between is missed.
      using changes = watchDirectory(directory);
      offer = await renew(offer);
      await pause(lookAgainMs, AbortSignal.any([signal, changes.seen]));
    } catch (error) {
      log.warn({ resource: resource.name, error: messageOf(error) }, "the device is not offered; trying again");
      await pause(retryMs, signal);
    }
  }
  await offer?.server.close();

  async function renew(current: Offer | undefined): Promise<Offer | undefined> {
    const kubelet = await identityOf(kubeletSocket);
    if (kubelet === undefined) return current;
    if (current?.kubelet === kubelet && current.socket === (await identityOf(ownSocket))) return current;
    await current?.server.close();
    offer = undefined;
    const server = await servePlugin(ownSocket, resource);
    offer = { server, kubelet: "", socket: await identityOf(ownSocket) };
    await register(kubeletSocket, endpoint, resource.name);
    log.info({ resource: resource.name }, "offered to the kubelet");
    return { ...offer, kubelet };
  }
}

interface Offer {
  server: PluginServer;
  /** Identity of the kubelet's socket that it was registered with. */
  kubelet: string;
  /** Identity of our own. */
  socket: string | undefined;
}

/** Another one when the file was made anew; undefined when it is not there. */
async function identityOf(path: string): Promise<string | undefined> {
  const stats = await unlessMissing(stat(path, { bigint: true }));
  return stats && `${stats.dev}/${stats.ino}/${stats.ctimeNs}`;
}

/** @throws when there is no such directory */
function watchDirectory(directory: string): Disposable & { seen: AbortSignal } {
  const seen = new AbortController();
  const watcher = watch(directory);
  watcher.once("change", () => seen.abort()).once("error", () => seen.abort());
  return { seen: seen.signal, [Symbol.dispose]: () => watcher.close() };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
