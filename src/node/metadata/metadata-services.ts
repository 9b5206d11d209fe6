/** The metadata services of this node's guests: one for each QEMU whose machine asked for it, as long as it lives. */
import { annotations } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Logger } from "../../base/log.ts";
import { listenInNamespace } from "../../network/listen-in-namespace.ts";
import { metadataAddress } from "../../network/pod-network.ts";
import { netnsOf } from "../process/container-files.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import type { InstanceFacts } from "./metadata-tree.ts";
import { serveMetadata } from "./serve-metadata.ts";

export interface MetadataServices {
  /** Idempotent. `facts` is asked at each request. */
  serve(qemu: QemuProcess, facts: () => Promise<InstanceFacts>, signal: AbortSignal): Promise<void>;
  /** Its socket would keep the network namespace of a pod that is gone. */
  forget(qemu: QemuProcess): void;
  close(): void;
}

export function wantsMetadata({ metadata }: VirtualMachineInstance): boolean {
  return metadata?.annotations?.[annotations.metadataService] === "true";
}

export function createMetadataServices(
  log: Logger,
  listen: typeof listenInNamespace = listenInNamespace,
): MetadataServices {
  /** What ends each, from when it is about to begin. */
  const ends = new Map<string, Promise<() => void>>();
  const idOf = ({ pid, startTicks }: QemuProcess): string => `${pid}/${startTicks}`;

  async function open(qemu: QemuProcess, facts: () => Promise<InstanceFacts>, signal: AbortSignal) {
    return serveMetadata(await listen(netnsOf(qemu.pid), metadataAddress, signal), facts, log);
  }

  function end(id: string): void {
    ends.get(id)?.then(
      (close) => close(),
      () => undefined,
    );
    ends.delete(id);
  }

  return {
    async serve(qemu, facts, signal) {
      const id = idOf(qemu);
      const opening = ends.get(id) ?? open(qemu, facts, signal);
      ends.set(id, opening);
      try {
        await opening;
      } catch (error) {
        if (ends.get(id) === opening) ends.delete(id);
        throw error;
      }
    },
    forget: (qemu) => end(idOf(qemu)),
    close() {
      for (const id of [...ends.keys()]) end(id);
    },
  };
}
