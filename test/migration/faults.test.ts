/**
 * Processes are killed at moments of a migration that a seed chooses (`SEED=N` for others). Afterwards the guest runs exactly
 * once: the same boot without a number lost when its own QEMU lived, else a new instance that its run strategy started. The
 * objects say which.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { findProcess } from "../../src/embedded/process-record.ts";
import { eventually } from "../embedded/instance.ts";
import { useInstance } from "../embedded/use-instance.ts";
import { createNomad } from "./nomad.ts";

const instance = useInstance("vmtfault", 4);
const nomad = createNomad(instance);
const { fieldOf, tryKubectl } = instance;

const victims = ["agent", "target", "controller", "source"] as const;
type Victim = (typeof victims)[number];

/** From the request to the guest's arrival, on a busy machine. */
const longestWaitMs = 8_000;
const recoveryMs = 120_000;

before(() => nomad.create());

test("whoever is killed while a guest moves, it runs exactly once afterwards", async (t) => {
  const seed = Number(process.env["SEED"] ?? 1);
  t.diagnostic(`seed ${seed}`);
  const random = randomFrom(seed);
  for (const victim of victims) {
    const before = { uid: nomad.vmiField(".metadata.uid"), bootId: await nomad.fetch("boot-id") };
    const published = Math.max(...(await nomad.numbers()));
    const migration = nomad.migrate();
    const waitMs = Math.round(random() * longestWaitMs);
    await delay(waitMs);
    const killed = kill(victim);
    const phase = await nomad.outcome(migration, recoveryMs);
    const reason = nomad.migrationField(migration, ".status.migrationState.failureReason");
    const what = `${killed ? "kill" : "no"} ${victim} after ${waitMs} ms: ${phase} ${reason}`;
    t.diagnostic(what);
    assert.ok(phase === "Succeeded" || reason !== "" || fieldOf("vmi/nomad", ".metadata.uid") !== before.uid, what);
    await eventually(`one QEMU runs the guest; seed ${seed}, ${what}`, recoveryMs, isWhole, stateOf);
    const isSame = nomad.vmiField(".metadata.uid") === before.uid;
    if (victim !== "source" && victim !== "target") assert.ok(isSame, `seed ${seed}, ${what}: a new instance`);
    const bootId = await eventually(`the guest answers; ${what}`, recoveryMs, () => nomad.fetch("boot-id"), stateOf);
    assert.equal(bootId === before.bootId, isSame, what);
    const numbers = await nomad.numbers();
    numbers.forEach((number, index) => assert.equal(number, index + 1, what));
    if (isSame) assert.ok(numbers.length >= published, `${what}: ${numbers.length} numbers of ${published}`);
  }
});

/** At its moment there may be nobody of that name. */
function kill(victim: Victim): boolean {
  const pid = pidOf(victim);
  if (pid === undefined) return false;
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

function pidOf(victim: Victim): number | undefined {
  if (victim === "agent" || victim === "controller") return findProcess(join(instance.runDir, "pid", victim))?.pid;
  const pod = nomad.vmiField(`.status.migrationState.${victim}Pod`);
  return pod === "" ? undefined : nomad.qemuOf(pod)?.pid;
}

/** One QEMU and one pod, and nothing on its way. */
function isWhole(): true | undefined {
  const pods = tryKubectl(["get", "pods", "-l", "vm.kubevirt.io/name=nomad", "-o", "name"]).stdout.trim().split("\n");
  const isRunning = nomad.vmiField(".status.phase") === "Running";
  return isRunning && pods.length === 1 && nomad.qemus().length === 1 ? true : undefined;
}

function stateOf(): string {
  return tryKubectl(["get", "vm,vmi,vmim,pods", "-o", "wide"]).stdout + nomad.vmiField(".status");
}

/** Repeatable: a linear congruential generator is random enough for moments. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
