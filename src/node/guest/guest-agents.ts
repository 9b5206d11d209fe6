/**
 * The agents of this node's guests. QEMU's socket serves one client, and an agent one question at a time, so those of
 * one guest wait for each other; nothing is kept open in between.
 */
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { socketOf } from "../process/container-files.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import type { AgentClient } from "./agent-client.ts";
import { openAgentConnection } from "./agent-connection.ts";
import { thaw } from "./freeze.ts";
import type { GuestReport } from "./guest-report.ts";
import { ask, readReport } from "./read-guest.ts";

export interface GuestAgents {
  /** @throws QmpClosed, QmpTimeout when the agent does not answer; QmpError when it refuses */
  use<T>(qemu: QemuProcess, work: (agent: AgentClient) => Promise<T>): Promise<T>;
  /** Asks in the background; calls back only with an answer. */
  report(qemu: QemuProcess, onReport: (report: GuestReport) => void): void;
  /** Thaws the guest's file systems later, should nobody have done so. */
  thawAfter(qemu: QemuProcess, delayMs: number): void;
  close(): void;
}

/** A freeze that outlived the agent which was to end it. */
const orphanedFreezeMs = 60_000;

export function createGuestAgents(log: Logger): GuestAgents {
  const queues = new Map<string, Promise<unknown>>();
  const thawTimers = new Map<string, NodeJS.Timeout>();
  const idOf = (qemu: QemuProcess): string => `${qemu.pid}/${qemu.startTicks}`;

  async function use<T>(qemu: QemuProcess, work: (agent: AgentClient) => Promise<T>): Promise<T> {
    const id = idOf(qemu);
    const turn = (queues.get(id) ?? Promise.resolve()).then(() => converse(qemu, work));
    // Whoever comes next waits for the end of this turn, however it ends.
    const ended = turn.then(nothing, nothing);
    queues.set(id, ended);
    try {
      return await turn;
    } finally {
      if (queues.get(id) === ended) queues.delete(id);
    }
  }

  async function reportNow(qemu: QemuProcess): Promise<GuestReport> {
    const { report, frozen } = await use(qemu, async (agent) => ({
      report: await readReport(agent),
      frozen: await isFrozen(agent),
    }));
    if (frozen && !thawTimers.has(idOf(qemu))) thawAfter(qemu, orphanedFreezeMs);
    return report;
  }

  function thawAfter(qemu: QemuProcess, delayMs: number): void {
    const id = idOf(qemu);
    clearTimeout(thawTimers.get(id));
    const timer = setTimeout(() => {
      thawTimers.delete(id);
      use(qemu, thaw).catch((error: unknown) => log.warn({ error: messageOf(error) }, "cannot thaw a guest"));
    }, delayMs);
    thawTimers.set(id, timer);
  }

  return {
    use,
    report(qemu, onReport) {
      reportNow(qemu).then(onReport, (error: unknown) => log.debug({ error: messageOf(error) }, "no guest report"));
    },
    thawAfter,
    close() {
      for (const timer of thawTimers.values()) clearTimeout(timer);
    },
  };
}

async function converse<T>(qemu: QemuProcess, work: (agent: AgentClient) => Promise<T>): Promise<T> {
  const connection = await openAgentConnection(socketOf(qemu.pid, "guestAgent"));
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}

async function isFrozen(agent: AgentClient): Promise<boolean> {
  return (await ask(agent, "guest-fsfreeze-status")) === "frozen";
}

function nothing(): void {
  return undefined;
}
