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

export function createMetadataServices(log: Logger): MetadataServices {
  const ends = new Map<string, () => void>();
  const idOf = ({ pid, startTicks }: QemuProcess): string => `${pid}/${startTicks}`;
  return {
    async serve(qemu, facts, signal) {
      if (ends.has(idOf(qemu))) return;
      const socket = await listenInNamespace(netnsOf(qemu.pid), metadataAddress, signal);
      ends.set(idOf(qemu), serveMetadata(socket, facts, log));
    },
    forget(qemu) {
      ends.get(idOf(qemu))?.();
      ends.delete(idOf(qemu));
    },
    close() {
      for (const end of ends.values()) end();
      ends.clear();
    },
  };
}
