/**
 * What guest agents tell of their guests, one question at a time: an agent that is slow, or is being kept by a freeze of the file systems,
 * is not asked again before it has answered, and what it said last is told meanwhile.
 */
import { type GuestFilesystem, guestFilesystems, type GuestLoad, guestLoad } from "../../qemu/guest-agent/queries.ts";
import type { GuestAgent } from "../../qemu/guest-agent/client.ts";
import { unlessRefused } from "../guest/read-guest.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { within } from "../../base/within.ts";

export interface Figures {
  filesystems?: readonly GuestFilesystem[];
  load?: GuestLoad;
}

export interface GuestFigures {
  of(qemu: QemuProcess, agent: GuestAgent, waitMs: number): Promise<Figures>;
  /** Forgets the others. */
  keepOnly(running: readonly QemuProcess[]): void;
}

interface Known {
  figures: Figures;
  toldMs: number;
  asking: Promise<void> | undefined;
}

const answerMs = 2_000;
/** Older figures are none. */
const oldMs = 2 * 60_000;

export function createGuestFigures(ask: (agent: GuestAgent) => Promise<Figures> = readFigures): GuestFigures {
  const known = new Map<string, Known>();

  async function refresh(entry: Known, agent: GuestAgent): Promise<void> {
    try {
      entry.figures = await ask(agent);
      entry.toldMs = Date.now();
    } finally {
      entry.asking = undefined;
    }
  }

  return {
    async of(qemu, agent, waitMs) {
      const entry = known.get(idOf(qemu)) ?? { figures: {}, toldMs: 0, asking: undefined };
      known.set(idOf(qemu), entry);
      entry.asking ??= refresh(entry, agent);
      await within(waitMs, entry.asking);
      return Date.now() - entry.toldMs < oldMs ? entry.figures : {};
    },
    keepOnly(running) {
      const ids = new Set(running.map(idOf));
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    },
  };
}

async function readFigures(agent: GuestAgent): Promise<Figures> {
  return {
    filesystems: await unlessRefused(guestFilesystems(agent, { timeoutMs: answerMs })),
    load: await unlessRefused(guestLoad(agent, { timeoutMs: answerMs })),
  };
}

const idOf = ({ pid, startTicks }: QemuProcess): string => `${pid}/${startTicks}`;
