/**
 * Puts processors and memory to use that a guest has been given while it runs: many systems take notice of them and wait for somebody
 * to say so. What the guest offers is asked first; an agent that does not serve a command leaves it to the guest.
 */
import { setTimeout as delay } from "node:timers/promises";
import { QmpError } from "../qmp/errors.ts";
import type { GuestAgent } from "./client.ts";
import { listOf, numberOf } from "./shape.ts";

/** A guest takes its time to notice a new processor. */
const noticePatienceMs = 10_000;
const askAgainMs = 200;

/** @param processors how many the guest has been given, all in all */
export async function bringOnline(agent: GuestAgent, processors: number): Promise<void> {
  await unlessRefused(bringProcessorsOnline(agent, processors));
  await unlessRefused(bringMemoryOnline(agent));
}

async function bringProcessorsOnline(agent: GuestAgent, count: number): Promise<void> {
  const ids = offline(await noticedProcessors(agent, count), "logical-id");
  if (ids.length > 0)
    await agent.call("guest-set-vcpus", { vcpus: ids.map((id) => ({ "logical-id": id, online: true })) });
}

async function noticedProcessors(agent: GuestAgent, count: number): Promise<unknown> {
  const deadlineMs = performance.now() + noticePatienceMs;
  for (;;) {
    const answer = await agent.call("guest-get-vcpus");
    if (listOf(answer).length >= count || performance.now() > deadlineMs) return answer;
    await delay(askAgainMs);
  }
}

async function bringMemoryOnline(agent: GuestAgent): Promise<void> {
  const ids = offline(await agent.call("guest-get-memory-blocks"), "phys-index");
  if (ids.length > 0)
    await agent.call("guest-set-memory-blocks", { "mem-blks": ids.map((id) => ({ "phys-index": id, online: true })) });
}

function offline(answer: unknown, idField: string): number[] {
  return listOf(answer).flatMap((each) => (each["online"] === false ? (numberOf(each[idField]) ?? []) : []));
}

async function unlessRefused(done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
  }
}
