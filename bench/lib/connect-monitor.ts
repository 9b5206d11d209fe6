/** The monitor of a QEMU that was just started by hand. */
import type { ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { QmpClient } from "../../src/qemu/qmp/client.ts";
import { QmpClosed } from "../../src/qemu/qmp/errors.ts";

/** @throws when QEMU has ended before its socket was there */
export async function connectMonitor(child: ChildProcess, path: string): Promise<QmpClient> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`QEMU ended with status ${child.exitCode}`);
    try {
      return await QmpClient.connect(path);
    } catch (error) {
      if (!(error instanceof QmpClosed)) throw error;
      await delay(5); // the socket is not there yet, and nothing tells when it is
    }
  }
}
