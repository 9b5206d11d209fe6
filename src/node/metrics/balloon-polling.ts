/**
 * Whether QEMU asks guests for their memory statistics: only while somebody scrapes, because each question wakes an idle guest.
 *
 *   off --scrape--> QEMU asks every 10 s --no scrape for 5 minutes--> off
 *
 * An agent that is killed meanwhile leaves it on until it is scraped again and then no more.
 */
import type { QmpClient } from "../../qemu/qmp/client.ts";
import type { QemuProcess } from "../process/find-qemu.ts";

export interface BalloonPolling {
  /** Before the statistics are read. Guests without a balloon are refused. @throws QmpError */
  keepOn(qemu: QemuProcess, client: QmpClient): Promise<void>;
  close(): void;
}

export const balloonPath = "/machine/peripheral/balloon0";

const property = "guest-stats-polling-interval";
const intervalSeconds = 10;
const unscrapedMs = 5 * 60_000;

export function createBalloonPolling(offAfterMs = unscrapedMs): BalloonPolling {
  const timers = new Map<string, NodeJS.Timeout>();

  function offLater(id: string, client: QmpClient): void {
    clearTimeout(timers.get(id));
    const timer = setTimeout(() => {
      timers.delete(id);
      // The guest may be gone.
      client.execute("qom-set", { path: balloonPath, property, value: 0 }).catch(() => undefined);
    }, offAfterMs);
    timers.set(id, timer.unref());
  }

  return {
    async keepOn({ pid, startTicks }, client) {
      // Told the same again, QEMU leaves its timer as it is.
      await client.execute("qom-set", { path: balloonPath, property, value: intervalSeconds }, { timeoutMs: 2_000 });
      offLater(`${pid}/${startTicks}`, client);
    },
    close() {
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
