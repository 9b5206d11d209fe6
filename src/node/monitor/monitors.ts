/**
 * The open QMP connections, one for each QEMU: a monitor serves a single client, and its events are what wakes us.
 *
 *   of(key, qemu) --first time--> connect --connection ends--> forgotten, and the key is looked at again
 */
import { QmpClient } from "../../qemu/qmp/client.ts";
import type { QmpEvent } from "../../qemu/qmp/message.ts";
import { socketOf } from "../process/container-files.ts";
import type { QemuProcess } from "../process/find-qemu.ts";

export interface Monitors {
  /** The monitor of this process. @throws QmpClosed, QmpTimeout while it does not answer yet */
  of(key: string, qemu: QemuProcess): Promise<QmpClient>;
  close(): void;
}

export interface MonitorListener {
  onEvent(key: string, event: QmpEvent): void;
  onClosed(key: string, qemu: QemuProcess): void;
}

const greetingTimeoutMs = 5_000;

export function createMonitors(listener: MonitorListener): Monitors {
  const open = new Map<string, Promise<QmpClient>>();
  let isClosed = false;

  async function connect(id: string, key: string, qemu: QemuProcess): Promise<QmpClient> {
    const client = await QmpClient.connect(socketOf(qemu.pid, "qmp"), { timeoutMs: greetingTimeoutMs });
    if (isClosed) client.close();
    client.onEvent((event) => listener.onEvent(key, event));
    void forgetWhenClosed(id, key, qemu, client);
    return client;
  }

  async function forgetWhenClosed(id: string, key: string, qemu: QemuProcess, client: QmpClient): Promise<void> {
    await client.closed;
    open.delete(id);
    if (!isClosed) listener.onClosed(key, qemu);
  }

  return {
    of(key, qemu) {
      const id = `${qemu.pid}/${qemu.startTicks}`;
      const existing = open.get(id);
      if (existing) return existing;
      const connecting = connect(id, key, qemu);
      open.set(id, connecting);
      connecting.catch(() => open.delete(id));
      return connecting;
    },
    close() {
      isClosed = true;
      for (const connecting of open.values()) connecting.then((client) => client.close()).catch(() => undefined);
    },
  };
}
