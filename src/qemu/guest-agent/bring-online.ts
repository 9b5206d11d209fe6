/**
 * Puts processors and memory to use that a guest has been given while it runs: many systems take notice of them and wait for somebody
 * to say so. What the guest offers is asked first; an agent that does not serve a command leaves it to the guest.
 */
import { setTimeout as delay } from "node:timers/promises";
import { QmpError, QmpTimeout } from "../qmp/errors.ts";
import type { GuestAgent } from "./client.ts";
import { listOf, numberOf, fieldsOf } from "./shape.ts";

/** All in all, with what it booted with. */
export interface Given {
  processors: number;
  /** Where its plugged memory begins in the guest's physical addresses, and how much there is. */
  hotMemory: { address: number; pluggedBytes: number } | undefined;
}

/** A guest takes its time to notice what is new, the more the busier its node is. */
const patienceMs = 600_000;
const firstPauseMs = 200;
const longestPauseMs = 20_000;

/** Asks again and again until everything is in use; ends without that when the agent may not or cannot be asked for it, or after ten minutes. */
export async function bringOnline(agent: Pick<GuestAgent, "call">, { processors, hotMemory }: Given): Promise<void> {
  await Promise.all([
    persist(() => bringProcessorsOnline(agent, processors)),
    hotMemory && persist(() => bringMemoryOnline(agent, hotMemory)),
  ]);
}

/** @param attempt says whether there was nothing left to do */
async function persist(attempt: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  for (let pauseMs = firstPauseMs; performance.now() < deadlineMs; pauseMs = Math.min(1.5 * pauseMs, longestPauseMs)) {
    try {
      if (await attempt()) return;
    } catch (error) {
      if (!mayPass(error)) {
        if (error instanceof QmpError) return;
        throw error;
      }
    }
    await delay(pauseMs, undefined, { ref: false });
  }
}

/** A processor that does not answer the guest's kernel in time, as on a busy node, is one that the agent fails to bring online. */
function mayPass(error: unknown): boolean {
  return error instanceof QmpTimeout || (error instanceof QmpError && error.errorClass !== "CommandNotFound");
}

async function bringProcessorsOnline(agent: Pick<GuestAgent, "call">, count: number): Promise<boolean> {
  const known = listOf(await agent.call("guest-get-vcpus"));
  const ids = offline(known, "logical-id");
  if (ids.length === 0) return known.length >= count;
  await agent.call("guest-set-vcpus", { vcpus: ids.map((id) => ({ "logical-id": id, online: true })) });
  return false;
}

async function bringMemoryOnline(
  agent: Pick<GuestAgent, "call">,
  { address, pluggedBytes }: NonNullable<Given["hotMemory"]>,
): Promise<boolean> {
  const blockBytes = numberOf(fieldsOf(await agent.call("guest-get-memory-block-info"))["size"]) ?? Infinity;
  const known = listOf(await agent.call("guest-get-memory-blocks"));
  const ids = offline(known, "phys-index");
  if (ids.length === 0) {
    const plugged = known.filter((each) => (numberOf(each["phys-index"]) ?? -1) * blockBytes >= address);
    return plugged.length * blockBytes >= pluggedBytes;
  }
  await agent.call("guest-set-memory-blocks", { "mem-blks": ids.map((id) => ({ "phys-index": id, online: true })) });
  return false;
}

function offline(blocks: ReturnType<typeof listOf>, idField: string): number[] {
  return blocks.flatMap((each) => (each["online"] === false ? (numberOf(each[idField]) ?? []) : []));
}
