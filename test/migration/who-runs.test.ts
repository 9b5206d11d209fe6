/** Whoever dies, is late or changes their mind, at any moment: the guest never runs twice, and in the end it runs once or is gone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decisionOf } from "../../api/kubevirt/migration.ts";
import { newWorld, play, reportEnds, type Step, type World } from "./two-qemus.ts";

const ends = ["source", "target"] as const;
const actors = [...ends, "controller"] as const;

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant("look" as const), who: fc.constantFrom(...actors) }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant("act" as const), who: fc.constantFrom(...ends) }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant("catchUp" as const), who: fc.constantFrom(...actors) }) },
  { weight: 6, arbitrary: fc.constant({ type: "qemu" as const, fails: false }) },
  { weight: 1, arbitrary: fc.constant({ type: "disk" as const, fails: false }) },
  { weight: 1, arbitrary: fc.constantFrom("qemu" as const, "disk" as const).map((type) => ({ type, fails: true })) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("crash" as const), who: fc.constantFrom(...ends) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("kill" as const), who: fc.constantFrom(...ends) }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ type: "abort" }, { type: "deleteInstance" }) },
);

const runs = 2_000;

const transports = ["unix", "tls"] as const;

for (const transport of transports)
  test(`${transport}: never two that run, and in the end one or none`, () => {
    const reached = { source: 0, target: 0, undecided: 0 };
    fc.assert(
      fc.property(fc.array(stepArbitrary, { minLength: 20, maxLength: 120, size: "max" }), (steps) => {
        const world = newWorld(transport);
        for (const step of steps) {
          play(world, step);
          assertOneRuns(world);
        }
        settle(world);
        reached[decisionOf(world.server.status?.migrationState ?? {})] += 1;
        assertSettled(world);
      }),
      { numRuns: runs },
    );
    // A model in which one side never happens proves nothing of it.
    assert.ok(reached.source > runs / 50 && reached.target > runs / 50, JSON.stringify(reached));
  });

for (const transport of transports)
  test(`${transport}: left alone the guest moves`, () => {
    const world = newWorld(transport);
    settle(world);
    assert.deepEqual([world.source.alive, world.target.runState], [false, "running"]);
    assert.equal(world.server.status?.migrationState?.completed, true);
    assert.equal(world.server.status?.migrationState?.failed, undefined);
  });

function isRunning(qemu: World["source"]): boolean {
  return qemu.alive && !["inmigrate", "paused", "finish-migrate", "postmigrate"].includes(qemu.runState);
}

function assertOneRuns({ source, target, server, transport }: World): void {
  assert.ok(!(isRunning(source) && isRunning(target)), "the guest runs twice");
  if (!isRunning(target)) return;
  assert.equal(decisionOf(server.status?.migrationState ?? {}), "target");
  assert.equal(target.written, transport === "tls" ? source.written : 0, "the guest runs on an old disk");
}

function settle(world: World): void {
  for (let round = 0; round < 50; round++) {
    reportEnds(world);
    for (const who of actors) {
      play(world, { type: "catchUp", who });
      play(world, { type: "look", who });
      if (who !== "controller") for (let left = 0; left < 3; left++) play(world, { type: "act", who });
      assertOneRuns(world);
    }
    play(world, { type: "qemu", fails: false });
    // Slow, so that whoever does not wait for it is found out.
    if (round % 8 === 7) play(world, { type: "disk", fails: false });
    assertOneRuns(world);
  }
}

function assertSettled({ source, target, server }: World): void {
  const state = server.status?.migrationState;
  assert.ok(state?.completed, `undecided for ever: ${JSON.stringify(state)}`);
  const winner = decisionOf(state) === "target" ? target : source;
  const loser = winner === target ? source : target;
  assert.ok(!isRunning(loser), "the loser runs");
  if (server.status?.phase === "Running") assert.ok(isRunning(winner), "nobody runs");
  else assert.ok(!winner.alive, "ended, but its QEMU lives");
}
