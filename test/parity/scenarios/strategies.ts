/** Run strategies: who is started again after its guest powers off, and who is not. */
import assert from "node:assert/strict";
import { eventually } from "../../embedded/instance.ts";
import { machine, smallestMemory } from "../../embedded/machines.ts";
import { becomes, bootMs, isGone, refusal, stopMs } from "../facts.ts";
import type { Scenario, Target } from "../target.ts";

/** Powers itself off soon after it is up. */
const fleeting = (name: string, runStrategy: string): object =>
  machine({ name, runStrategy, memory: smallestMemory, runcmd: ["(sleep 5; poweroff) >/dev/null 2>&1 &"] });

const printable = ".status.printableStatus";

export const strategies: Scenario[] = [
  {
    name: "Once: it runs to its end",
    async play(target) {
      await target.apply(fleeting("once", "Once"));
      await becomes(target, "vmi/once", ".status.phase", "Succeeded");
      const seen = [await target.fieldOf("vm/once", printable), refusal(await target.vmpod("start", "once"))];
      return [...seen, await remove(target, "once")];
    },
  },
  {
    name: "RerunOnFailure: a power-off is the end",
    async play(target) {
      await target.apply(fleeting("rerun", "RerunOnFailure"));
      await becomes(target, "vm/rerun", printable, "Running");
      await becomes(target, "vm/rerun", printable, "Stopped");
      return await remove(target, "rerun");
    },
  },
  {
    name: "Always: it is started again",
    async play(target) {
      await target.apply(fleeting("always", "Always"));
      const first = await uidOf(target, "always", "");
      const second = await uidOf(target, "always", first);
      assert.notEqual(first, second);
      return await remove(target, "always");
    },
  },
  {
    name: "Manual: only its owner starts and stops it",
    async play(target) {
      await target.apply(machine({ name: "manual", runStrategy: "Manual", memory: smallestMemory }));
      await becomes(target, "vm/manual", printable, "Stopped", stopMs);
      assert.equal((await target.vmpod("start", "manual")).status, 0);
      await becomes(target, "vm/manual", printable, "Running");
      assert.equal((await target.vmpod("stop", "manual")).status, 0);
      await becomes(target, "vm/manual", printable, "Stopped", stopMs);
      return [await target.fieldOf("vm/manual", ".spec.runStrategy"), await remove(target, "manual")];
    },
  },
  {
    name: "Halted: nothing runs",
    async play(target) {
      await target.apply(machine({ name: "halted", runStrategy: "Halted", memory: smallestMemory }));
      await becomes(target, "vm/halted", printable, "Stopped", stopMs);
      assert.equal(await target.fieldOf("vmi/halted", ".metadata.uid"), "");
      return await remove(target, "halted");
    },
  },
  {
    name: "start --paused waits for its owner",
    async play(target) {
      await target.apply(machine({ name: "waiting", runStrategy: "Halted", memory: smallestMemory }));
      await becomes(target, "vm/waiting", printable, "Stopped", stopMs);
      assert.equal((await target.vmpod("start", "waiting", "--paused")).status, 0);
      await becomes(target, "vm/waiting", printable, "Paused");
      assert.equal((await target.vmpod("unpause", "vm", "waiting")).status, 0);
      await becomes(target, "vm/waiting", printable, "Running", stopMs);
      const removed = await remove(target, "waiting");
      await isGone(target, "vmi/waiting");
      return removed;
    },
  },
];

async function uidOf(target: Target, name: string, other: string): Promise<string> {
  return eventually(`${target.name}: another instance of ${name}`, bootMs, async () => {
    const [uid = "", phase] = (await target.fieldOf(`vmi/${name}`, ".metadata.uid} {.status.phase")).split(" ");
    return uid !== other && phase === "Running" ? uid : undefined;
  });
}

async function remove(target: Target, name: string): Promise<string> {
  return (await target.kubectl("delete", `vm/${name}`, "--timeout=180s")).trim();
}
