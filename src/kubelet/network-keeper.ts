/** Keeps the nft table of the pods as the pods are: on each change, and now and then in case someone removed it. */
import type { Pod } from "../../api/core.ts";
import { messageOf } from "../base/errors.ts";
import { keepInStep } from "../base/keep-in-step.ts";
import { every } from "./every.ts";
import type { KubeletOptions } from "./options.ts";
import { applyPodNetwork, hostPortsOf, type PodNetwork, renderPodNetwork } from "./pod-network.ts";

export interface NetworkKeeper {
  start(signal: AbortSignal): void;
  /** Pods changed; writes the table when that makes a difference. */
  refresh(): void;
}

/** A burst of changes becomes one transaction. */
const settleMs = 20;
const retryMs = 1_000;
const repairEveryMs = 60_000;

type Options = Pick<KubeletOptions, "instance" | "podCidrs" | "log">;

export function createNetworkKeeper(
  { instance, podCidrs, log }: Options,
  pods: ReadonlyMap<string, Pod>,
  apply: (network: PodNetwork) => Promise<void> = applyPodNetwork,
): NetworkKeeper {
  let applied: string | undefined;
  /** Nothing is written before the start. */
  let changed = (): void => undefined;

  async function write(): Promise<void> {
    const network = { instance, podCidrs, hostPorts: hostPortsOf(pods.values()) };
    const text = renderPodNetwork(network);
    if (text === applied) {
      return;
    }
    applied = undefined;
    await apply(network);
    applied = text;
  }

  return {
    start(signal) {
      const onError = (error: unknown): void =>
        log.warn({ error: messageOf(error) }, "cannot write the pods' nft table; trying again");
      const table = keepInStep({ work: write, settleMs, retryMs, onError, signal });
      changed = table.changed;
      every(log, "repair the pods' nft table", repairEveryMs, signal, async () => {
        applied = undefined;
        await table.now();
      });
    },
    refresh: () => changed(),
  };
}
