/** A machine of 64 MiB through the whole stack: it boots, its guest agent connects, its web server answers, memory is left. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { eventually } from "./instance.ts";
import { machine } from "./machines.ts";
import { importTinyGuest, tinyGuestImage, tinyMemory } from "./tiny-guest.ts";
import { useInstance } from "./use-instance.ts";

const instance = useInstance("vmttiny", 9);
const { apply, fieldOf, kubectl } = instance;
const name = "tiny";
const runcmd = ["grep -E '^(MemTotal|MemAvailable):' /proc/meminfo >/www/memory", "uname -m >/www/architecture"];
before(() => importTinyGuest(instance));

test("a machine of 64 MiB runs, and its guest agent connects", async () => {
  apply(machine({ name, memory: tinyMemory, image: tinyGuestImage, runcmd }));
  await eventually(
    "it runs with a connected agent",
    180_000,
    () => (agentConnected() === "True" ? true : undefined),
    () => kubectl("get", "vmi", "-o", "yaml"),
  );
  assert.equal(fieldOf(`vmi/${name}`, ".status.phase"), "Running");
  assert.equal(fieldOf(`vmi/${name}`, ".status.memory.guestCurrent"), tinyMemory);
});

test("it answers, and has memory to spare", async () => {
  const address = fieldOf(`vmi/${name}`, ".status.interfaces[0].ipAddress");
  const text = await eventually("it tells its memory", 60_000, () => fetchText(`http://${address}/memory`));
  const [totalKib = 0, availableKib = 0] = [...text.matchAll(/(\d+) kB/g)].map(([, kib]) => Number(kib));
  assert.ok(totalKib < 64 * 1024, text);
  assert.ok(availableKib > 12 * 1024, text);
  assert.equal(await fetchText(`http://${address}/architecture`), "i686\n");
});

function agentConnected(): string {
  return fieldOf(`vmi/${name}`, `.status.conditions[?(@.type=="AgentConnected")].status`);
}

async function fetchText(address: string): Promise<string | undefined> {
  const answer = await fetch(address, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  return answer?.ok ? await answer.text() : undefined;
}
