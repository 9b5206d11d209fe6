/** Keeps the nft table of the pods as the pods are: on each change, and now and then in case someone removed it. */
import type { Pod } from "../../api/core.ts";
import { messageOf } from "../base/errors.ts";
import { every } from "./every.ts";
import type { KubeletOptions } from "./options.ts";
import { applyPodNetwork, hostPortsOf, type PodNetwork, renderPodNetwork } from "./pod-network.ts";

export interface NetworkKeeper {
  start(signal: AbortSignal): void;
  /** Pods changed; writes the table when that makes a difference. */
  refresh(): void;
}

const repairEveryMs = 60_000;

export function createNetworkKeeper(options: KubeletOptions, pods: ReadonlyMap<string, Pod>): NetworkKeeper {
  let applied: string | undefined;
  let running = false;
  let last: Promise<void> = Promise.resolve();

  function refresh(): void {
    const network = wanted();
    const text = renderPodNetwork(network);
    if (!running || text === applied) {
      return;
    }
    applied = text;
    last = last
      .then(() => applyPodNetwork(network))
      .catch((error: unknown) => {
        applied = undefined;
        options.log.warn({ error: messageOf(error) }, "cannot write the pods' nft table");
      });
  }

  function wanted(): PodNetwork {
    return { instance: options.instance, podCidrs: options.podCidrs, hostPorts: hostPortsOf(pods.values()) };
  }

  return {
    start(signal) {
      running = true;
      every(options.log, "repair the pods' nft table", repairEveryMs, signal, async () => {
        applied = undefined;
        refresh();
        await last;
      });
    },
    refresh,
  };
}
