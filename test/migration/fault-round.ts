/**
 * One round of a test that kills somebody while a guest moves. Afterwards the guest runs exactly once: the same boot without an entry
 * lost when its own QEMU lived, else a new instance that its run strategy started. The objects say which.
 */
import assert from "node:assert/strict";
import { type ApiTools, eventually } from "../embedded/instance.ts";
import { name, type Nomad } from "./nomad.ts";

export interface Fault {
  victim: string;
  /** Waits for the moment, from the request on. @returns what it is called */
  moment: () => Promise<string>;
  /** @returns whether there was somebody to kill */
  kill: () => boolean;
  /** Its instance may end by this, and another one start. */
  isGuestItself: boolean;
}

export interface Aftermath {
  moment: string;
  killed: boolean;
  /** Of the migration. */
  phase: string;
  /** Why it failed. */
  reason: string;
  /** The instance is the one that it was. */
  isSame: boolean;
}

const recoveryMs = 180_000;

export async function playFault(guest: { nomad: Nomad; tools: ApiTools }, fault: Fault): Promise<Aftermath> {
  const { nomad } = guest;
  const before = {
    uid: nomad.vmiField(".metadata.uid"),
    bootId: await eventually("the guest answers", recoveryMs, () => nomad.fetch("boot-id")),
    published: await nomad.published(),
  };
  const migration = nomad.migrate();
  const moment = await fault.moment();
  const killed = fault.kill();
  const phase = await nomad.outcome(migration, recoveryMs);
  const reason = nomad.migrationField(migration, ".status.migrationState.failureReason");
  const what = `${killed ? "kill" : "no"} ${fault.victim} ${moment}: ${phase} ${reason}`;
  await eventually(
    `one QEMU runs the guest; ${what}`,
    recoveryMs,
    () => isWhole(guest),
    () => stateOf(guest),
  );
  const isSame = nomad.vmiField(".metadata.uid") === before.uid;
  assert.ok(phase === "Succeeded" || reason !== "" || !isSame, what);
  assert.ok(isSame || fault.isGuestItself, `${what}: a new instance`);
  const answers = () => nomad.entries().then((entries) => entries && nomad.fetch("boot-id"));
  const bootId = await eventually(`the guest counts; ${what}`, recoveryMs, answers, () => stateOf(guest));
  assert.equal(bootId === before.bootId, isSame, what);
  if (isSame) assertRunsWhereItSays(nomad, phase, what);
  await nomad.assertWhole(isSame ? before.published : 0, what);
  return { moment, killed, phase, reason, isSame };
}

/** One QEMU and one pod, and nothing on its way. */
function isWhole({ nomad, tools }: { nomad: Nomad; tools: ApiTools }): true | undefined {
  const pods = tools.tryKubectl(["get", "pods", "-l", `vm.kubevirt.io/name=${name}`, "-o", "name"]).stdout;
  const isRunning = nomad.vmiField(".status.phase") === "Running";
  return isRunning && pods.trim().split("\n").length === 1 && nomad.qemus().length === 1 ? true : undefined;
}

function assertRunsWhereItSays(nomad: Nomad, phase: string, what: string): void {
  const end = phase === "Succeeded" ? "targetPod" : "sourcePod";
  const said = nomad.qemuOf(nomad.vmiField(`.status.migrationState.${end}`));
  assert.equal(said?.pid, nomad.qemus()[0]?.pid, `${what}: the guest is not in its ${end}`);
}

function stateOf({ nomad, tools }: { nomad: Nomad; tools: ApiTools }): string {
  return tools.tryKubectl(["get", "vm,vmi,vmim,pods", "-A", "-o", "wide"]).stdout + nomad.vmiField(".status");
}

/** At its moment there may be nobody of that name. */
export function killNow(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Repeatable: a linear congruential generator is random enough for moments. */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
