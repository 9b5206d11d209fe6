/**
 * Clients that lend a USB device to a guest, each in a slot of its own. QEMU would let a second one wait in the slot of the first without a word;
 * so it is remembered who has which. With the agent its clients' connections end too: nothing has to be known after a restart.
 */
import type { Socket } from "node:net";
import { StatusError } from "../../base/errors.ts";
import { usbRedirections } from "../../qemu/domain/usb-redirection.ts";
import { socketInRun } from "../process/container-files.ts";
import { usbRedirectionSocket } from "../../qemu/domain/paths.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { dial } from "./vnc.ts";

export interface UsbSlots {
  /** @throws StatusError ServiceUnavailable when all are taken */
  open(qemu: QemuProcess): Promise<Socket>;
}

const slots = Array.from({ length: usbRedirections }, (_, slot) => slot);

export function createUsbSlots(connect: (qemu: QemuProcess, slot: number) => Promise<Socket> = dialSlot): UsbSlots {
  const taken = new Set<string>();
  return {
    async open(qemu) {
      const keyOf = (slot: number): string => `${qemu.pid}/${qemu.startTicks}/${slot}`;
      const slot = slots.find((each) => !taken.has(keyOf(each)));
      if (slot === undefined) {
        throw new StatusError(
          "ServiceUnavailable",
          `all ${usbRedirections} slots for USB devices are in use: detach one`,
        );
      }
      taken.add(keyOf(slot));
      try {
        const socket = await connect(qemu, slot);
        socket.once("close", () => taken.delete(keyOf(slot)));
        return socket;
      } catch (error) {
        taken.delete(keyOf(slot));
        throw error;
      }
    },
  };
}

function dialSlot({ pid }: QemuProcess, slot: number): Promise<Socket> {
  return dial(socketInRun(pid, usbRedirectionSocket(slot)));
}
