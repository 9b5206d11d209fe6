/** The open serial consoles, one for each QEMU that has a serial port. */
import { socketOf } from "../process/container-files.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { type ConsoleTimes, openSerialConsole, type SerialConsole } from "./serial-console.ts";

export interface Consoles {
  /** The console of this process, opened if need be. */
  open(qemu: QemuProcess): Promise<SerialConsole>;
  /** The last serial output; undefined while the console is not open. */
  tailOf(qemu: QemuProcess): string | undefined;
  /** When it said what, since it was opened. */
  timesOf(qemu: QemuProcess): ConsoleTimes | undefined;
  close(): void;
}

export function createConsoles(): Consoles {
  const opening = new Map<string, Promise<SerialConsole>>();
  const ready = new Map<string, SerialConsole>();
  const idOf = (qemu: QemuProcess): string => `${qemu.pid}/${qemu.startTicks}`;

  async function open(id: string, pid: number): Promise<SerialConsole> {
    try {
      const console = await openSerialConsole(socketOf(pid, "serial"));
      ready.set(id, console);
      void forgetWhenClosed(id, console);
      return console;
    } catch (error) {
      opening.delete(id);
      throw error;
    }
  }

  async function forgetWhenClosed(id: string, console: SerialConsole): Promise<void> {
    await console.closed;
    opening.delete(id);
    ready.delete(id);
  }

  return {
    open(qemu) {
      const id = idOf(qemu);
      const existing = opening.get(id) ?? open(id, qemu.pid);
      opening.set(id, existing);
      return existing;
    },
    tailOf: (qemu) => ready.get(idOf(qemu))?.tail(),
    timesOf: (qemu) => ready.get(idOf(qemu))?.times(),
    close() {
      for (const console of ready.values()) console.close();
    },
  };
}
