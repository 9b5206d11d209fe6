/** Processes are killed at moments of a migration on one node that a seed chooses (`SEED=N` for others): ./fault-round.ts. */
import { join } from "node:path";
import { before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { findProcess } from "../../src/embedded/process-record.ts";
import { useInstance } from "../embedded/use-instance.ts";
import { killNow, playFault, randomFrom } from "./fault-round.ts";
import { createNomad } from "./nomad.ts";

const instance = useInstance("vmtfault", 14);
const nomad = createNomad(instance);

const victims = ["agent", "target", "controller", "source"] as const;
type Victim = (typeof victims)[number];

/** From the request to the guest's arrival, on a busy machine. */
const longestWaitMs = 8_000;

before(() => nomad.create());

test("whoever is killed while a guest moves, it runs exactly once afterwards", async (t) => {
  const seed = Number(process.env["SEED"] ?? 1);
  t.diagnostic(`seed ${seed}`);
  const random = randomFrom(seed);
  for (const victim of victims) {
    const waitMs = Math.round(random() * longestWaitMs);
    const { killed, phase, reason } = await playFault(
      { nomad, tools: instance },
      {
        victim,
        isGuestItself: victim === "source" || victim === "target",
        moment: () => delay(waitMs).then(() => `after ${waitMs} ms, seed ${seed}`),
        kill: () => killNow(pidOf(victim)),
      },
    );
    t.diagnostic(`${killed ? "kill" : "no"} ${victim} after ${waitMs} ms: ${phase} ${reason}`);
  }
});

function pidOf(victim: Victim): number | undefined {
  if (victim === "agent" || victim === "controller") return findProcess(join(instance.runDir, "pid", victim))?.pid;
  const pod = nomad.vmiField(`.status.migrationState.${victim}Pod`);
  return pod === "" ? undefined : nomad.qemuOf(pod)?.pid;
}
