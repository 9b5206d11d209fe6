/**
 * Who may die while a guest moves between two nodes: agents, the controller, either QEMU, with kill -9, at moments that a seed chooses.
 * They are spread over the whole migration, every second one over its last moment, in which the guest stands still:
 *
 *   request ──────── target's QEMU is there ──────────────── STOP ── RESUME ──▶
 *   └───── agents, controller, source's QEMU ──────────────────┘└── everybody ──┘
 *                    └───── target's QEMU ─────────────────────┘
 *
 * What must be true afterwards says test/migration/fault-round.ts; and at no moment two QEMUs ran the guest (run-states.ts).
 *
 *   ROUNDS=50 SEED=7 sh scripts/with-node.sh test/cluster/suite/migration-faults.test.ts     every victim ten times
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { table } from "../../../bench/lib/report.ts";
import { eventually } from "../../embedded/instance.ts";
import { type Aftermath, killNow, playFault, randomFrom } from "../../migration/fault-round.ts";
import { name } from "../../migration/nomad.ts";
import { type NomadCluster, startNomadCluster } from "../../migration/nomad-cluster.ts";
import { overlapsOf, type RunStates, watchRunStates } from "../../migration/run-states.ts";
import { type VmpodParts, vmpodParts } from "../vmpod-parts.ts";

const rounds = Number(process.env["ROUNDS"] ?? 5);
const seed = Number(process.env["SEED"] ?? 1);

/** Slow enough for a transfer of seconds, and faster than the guest writes to its memory. */
const bandwidth = "32Mi";
const stepMs = 180_000;
/** From STOP to RESUME, and a little more. */
const standstillMs = 600;

const victims = ["source agent", "target agent", "controller", "source QEMU", "target QEMU"] as const;
type Victim = (typeof victims)[number];

/** Since the request, as an undisturbed migration took them. */
interface Timing {
  targetMs: number;
  stopMs: number;
}

describe("kill -9 while a guest moves between nodes", () => {
  let home: NomadCluster;
  let states: RunStates;
  let parts: VmpodParts;

  before(async () => {
    home = await startNomadCluster((line) => console.error(line));
    states = watchRunStates(home.name, name);
    parts = vmpodParts(home.tools, home.name);
    home.limitBandwidth(bandwidth);
  });
  after(async () => {
    states.stop();
    await home.stop();
  });

  it("leaves a guest that runs exactly once, or a new one, and the objects say which", async (t) => {
    const timing = await timeMove();
    console.error(`seed ${seed}, ${rounds} rounds; undisturbed: ${JSON.stringify(timing)}`);
    const random = randomFrom(seed);
    const rows = [];
    for (let round = 1; round <= rounds; round += 1) {
      const victim = victims[(round - 1) % victims.length] ?? "controller";
      const aftermath = await playRound(victim, Math.ceil(round / victims.length) % 2 === 0, random(), timing);
      const row = { round, victim, moment: aftermath.moment, outcome: outcomeOf(aftermath) };
      console.error(Object.values(row).join(" | "));
      rows.push(row);
      assert.deepEqual(overlapsOf(states.spans), [], `two QEMUs ran at once; seed ${seed}, round ${round}`);
      assertWatched();
    }
    for (const line of [`seed ${seed}`, ...table(rows).split("\n")]) t.diagnostic(line);
    console.error(table(rows));
  });

  async function timeMove(): Promise<Timing> {
    const startedAt = performance.now();
    const stopped = untilStop();
    const [source] = home.nomad.qemus();
    const migration = home.nomad.migrate();
    await untilTarget(source?.pid);
    const targetMs = performance.now() - startedAt;
    assert.equal(await home.nomad.outcome(migration, stepMs), "Succeeded", home.describe());
    const stopMs = (await stopped) - startedAt;
    await home.untilOneQemu();
    return { targetMs, stopMs };
  }

  async function playRound(victim: Victim, isAtStop: boolean, fraction: number, timing: Timing): Promise<Aftermath> {
    const { pidOf, source } = await aim(victim);
    const stopped = untilStop();
    const isTarget = victim === "target QEMU";
    return playFault(home, {
      victim: `${victim}, seed ${seed}`,
      isGuestItself: victim.endsWith("QEMU"),
      kill: () => killNow(pidOf()),
      async moment() {
        const startedAt = performance.now();
        if (isTarget) await untilTarget(source);
        if (isAtStop) await Promise.race([stopped, delay(timing.stopMs * 3)]);
        const waitMs = fraction * (isAtStop ? standstillMs : timing.stopMs - (isTarget ? timing.targetMs : 0));
        await delay(waitMs);
        const sinceMs = Math.round(performance.now() - startedAt);
        return isAtStop ? `${sinceMs} ms, ${Math.round(waitMs)} ms after STOP` : `${sinceMs} ms`;
      },
    });
  }

  /** Found beforehand: at its moment there is no time. */
  async function aim(victim: Victim): Promise<{ pidOf: () => number | undefined; source: number }> {
    await eventually("the guest can be moved", stepMs, () => {
      const path = ".status.conditions[?(@.type=='LiveMigratable')].status";
      return home.nomad.vmiField(path) === "True" ? true : undefined;
    });
    const source = await home.untilOneQemu();
    const here = home.nodeName();
    const there = home.cluster.nodes.find((node) => node.name !== here)?.name ?? "";
    const pids: Record<Victim, () => Promise<number | undefined>> = {
      "source agent": () => parts.agentOn(here),
      "target agent": () => parts.agentOn(there),
      controller: () => parts.leader(),
      "source QEMU": () => Promise.resolve(source),
      "target QEMU": () => Promise.resolve(undefined),
    };
    const pid = await pids[victim]();
    const targetPid = () => home.nomad.qemus().find((qemu) => qemu.pid !== source)?.pid;
    return { source, pidOf: victim === "target QEMU" ? targetPid : () => pid };
  }

  async function untilTarget(source: number | undefined): Promise<void> {
    const look = () => (home.nomad.qemus().some(({ pid }) => pid !== source) ? true : undefined);
    await eventually("the target's QEMU is there", stepMs, look);
  }

  /** @returns when the guest stood still, on our clock */
  function untilStop(): Promise<number> {
    return new Promise((resolve) => {
      const forget = states.onEvent(({ event }) => {
        if (event !== "STOP") return;
        forget();
        resolve(performance.now());
      });
    });
  }

  /** Whoever looks at nothing sees no two of it. */
  function assertWatched(): void {
    const [qemu] = home.nomad.qemus();
    const isSeen = states.spans.some(({ pid, toMs }) => pid === qemu?.pid && toMs === undefined);
    assert.ok(isSeen, `QEMU ${qemu?.pid} was not seen to run: ${JSON.stringify(states.spans)}`);
  }
});

function outcomeOf({ killed, phase, reason, isSame }: Aftermath): string {
  const migration = phase === "Succeeded" ? "moved" : `${isSame ? "stayed" : "lost"} (${reason})`;
  return [...(killed ? [] : ["nobody there"]), migration, ...(isSame ? [] : ["started anew"])].join(", ");
}
