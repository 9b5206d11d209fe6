/** Machines of 64 MiB at once: all of them run and answer, and a pod costs little beside its QEMU. Twenty: `npm run bench memory`. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { fetchText } from "./fetch-text.ts";
import { eventually } from "./instance.ts";
import { machine } from "./machines.ts";
import { podMemories } from "./pod-memory.ts";
import { importTinyGuest, tinyGuestImage, tinyMemory } from "./tiny-guest.ts";
import { useInstance } from "./use-instance.ts";

const instance = useInstance("vmtdense", 3);
const { kubectl, apply } = instance;
const count = 8;
/** Patience, no promise: their emulated processors share two real ones, and each serves its timer however little of them it gets. */
const bootMs = 400_000;
const overheadBytes = 12 * 2 ** 20;
before(() => importTinyGuest(instance));

interface Guest {
  metadata: { name: string };
  status?: {
    phase?: string;
    conditions?: { type: string; status: string }[];
    interfaces?: { ipAddress?: string }[];
  };
}

test("machines of 64 MiB that are created at once run, and their guest agents connect", async () => {
  const names = Array.from({ length: count }, (_, index) => `dense${index}`);
  apply(...names.map(tinyMachine));
  await eventually(
    "all of them run with a connected agent",
    bootMs,
    () => (guests().filter(isUp).length === count ? true : undefined),
    () => kubectl("get", "vmi", "-o", "wide"),
  );
});

test("each answers on its own address", async () => {
  const answers = guests().map(async ({ metadata: { name }, status }) => {
    const address = status?.interfaces?.[0]?.ipAddress ?? "";
    const text = await eventually(`${name} answers on ${address}`, bootMs, () => fetchText(`http://${address}/`));
    assert.equal(text, name);
    return address;
  });
  assert.equal(new Set(await Promise.all(answers)).size, count);
});

test("a pod costs at most 12 MiB beside its QEMU", () => {
  const memories = podMemories(instance.name);
  assert.equal(memories.length, count);
  for (const memory of memories) {
    assert.ok(memory.shim > 0 && memory.pause > 0, `both were found: ${JSON.stringify(memory)}`);
    assert.ok(memory.shim + memory.pause <= overheadBytes, JSON.stringify(memory));
  }
});

function tinyMachine(name: string): object {
  const runcmd = [`echo ${name} >/www/index.html`];
  return machine({ name, memory: tinyMemory, image: tinyGuestImage, runcmd });
}

function guests(): Guest[] {
  return (JSON.parse(kubectl("get", "vmi", "-o", "json")) as { items: Guest[] }).items;
}

function isUp({ status }: Guest): boolean {
  const agent = status?.conditions?.find(({ type }) => type === "AgentConnected");
  return status?.phase === "Running" && agent?.status === "True";
}
