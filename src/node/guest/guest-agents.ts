/** The agents of this node's guests, and what is to be done with them in the background. */
import { coalesce } from "../../base/coalesce.ts";
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { bringOnline, type Given } from "../../qemu/guest-agent/bring-online.ts";
import { GuestAgent } from "../../qemu/guest-agent/client.ts";
import { guestFreezeStatus, guestThaw } from "../../qemu/guest-agent/queries.ts";
import { socketOf } from "../process/container-files.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import type { GuestReport } from "./guest-report.ts";
import { readReport, unlessRefused } from "./read-guest.ts";

export interface GuestAgents {
  /** One for each QEMU, so that its calls wait for each other. */
  of(qemu: QemuProcess): GuestAgent;
  /** Asks in the background; calls back only with an answer. */
  report(qemu: QemuProcess, onReport: (report: GuestReport) => void): void;
  /** Has it use what it was given, in the background; calls back when that was tried for some seconds, and when it has ended. */
  bringOnline(qemu: QemuProcess, given: Given, onTried: () => void): void;
  /** Thaws the guest's file systems later, should nobody have done so: a guest that stays frozen hangs. */
  thawAfter(qemu: QemuProcess, delayMs: number): void;
  forget(qemu: QemuProcess): void;
  close(): void;
}

/** A freeze that outlived the agent which was to end it. */
const orphanedFreezeMs = 60_000;
/** What a guest has been given is told by then, also when it never takes notice. */
const triedAfterMs = 10_000;

interface Known {
  agent: GuestAgent;
  /** Asks for a report. Of one that does not answer in time no more than one is under way and one is to follow: others want to ask it, too. */
  report: () => Promise<GuestReport>;
}

export function createGuestAgents(log: Logger, agentAt = agentOfQemu): GuestAgents {
  const agents = new Map<string, Known>();
  const thawTimers = new Map<string, NodeJS.Timeout>();
  const idOf = (qemu: QemuProcess): string => `${qemu.pid}/${qemu.startTicks}`;

  function known(qemu: QemuProcess): Known {
    const found = agents.get(idOf(qemu)) ?? { agent: agentAt(qemu), report: coalesce(() => reportNow(qemu)) };
    agents.set(idOf(qemu), found);
    return found;
  }

  function agentOf(qemu: QemuProcess): GuestAgent {
    return known(qemu).agent;
  }

  async function reportNow(qemu: QemuProcess): Promise<GuestReport> {
    const report = await readReport(agentOf(qemu));
    const isFrozen = (await unlessRefused(guestFreezeStatus(agentOf(qemu)))) === "frozen";
    if (isFrozen && !thawTimers.has(idOf(qemu))) thawAfter(qemu, orphanedFreezeMs);
    return report;
  }

  function thawAfter(qemu: QemuProcess, delayMs: number): void {
    stopThawing(qemu);
    const timer = setTimeout(() => {
      thawTimers.delete(idOf(qemu));
      guestThaw(agentOf(qemu)).catch((error: unknown) => log.warn({ error: messageOf(error) }, "cannot thaw a guest"));
    }, delayMs);
    thawTimers.set(idOf(qemu), timer);
  }

  function stopThawing(qemu: QemuProcess): void {
    clearTimeout(thawTimers.get(idOf(qemu)));
    thawTimers.delete(idOf(qemu));
  }

  return {
    of: agentOf,
    report(qemu, onReport) {
      known(qemu)
        .report()
        .then(onReport, (error: unknown) => log.debug({ error: messageOf(error) }, "no guest report"));
    },
    bringOnline(qemu, given, onTried) {
      const tried = setTimeout(onTried, triedAfterMs).unref();
      bringOnline(agentOf(qemu), given)
        .catch((error: unknown) => log.debug({ error: messageOf(error) }, "the guest's agent did not bring it online"))
        .finally(() => {
          clearTimeout(tried);
          onTried();
        });
    },
    thawAfter,
    forget(qemu) {
      stopThawing(qemu);
      agents.delete(idOf(qemu));
    },
    close() {
      for (const timer of thawTimers.values()) clearTimeout(timer);
    },
  };
}

function agentOfQemu({ pid }: QemuProcess): GuestAgent {
  return new GuestAgent(socketOf(pid, "guestAgent"));
}
