/** Whoever dies, is late or changes their mind, at any moment: the guest never runs twice, and in the end it runs once or is gone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../src/base/property.fixture.ts";
import { decisionOf, standsStill } from "../../api/kubevirt/migration/migration.ts";
import { play, reportEnds, type Step } from "./model/play.ts";
import { newWorld, type Patience, type World } from "./model/world.ts";

const ends = ["source", "target"] as const;
const actors = [...ends, "controller"] as const;

const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant("look" as const), who: fc.constantFrom(...actors) }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant("act" as const), who: fc.constantFrom(...ends) }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant("catchUp" as const), who: fc.constantFrom(...actors) }) },
  { weight: 6, arbitrary: fc.constant({ type: "qemu" as const, fails: false }) },
  { weight: 1, arbitrary: fc.constant({ type: "disk" as const, fails: false }) },
  { weight: 1, arbitrary: fc.constant({ type: "wait" as const }) },
  { weight: 1, arbitrary: fc.constantFrom("qemu" as const, "disk" as const).map((type) => ({ type, fails: true })) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("crash" as const), who: fc.constantFrom(...ends) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("kill" as const), who: fc.constantFrom(...ends) }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ type: "abort" }, { type: "deleteInstance" }) },
);

const stepsArbitrary = fc.array(stepArbitrary, { minLength: 20, maxLength: 120, size: "max" });
/** Rounds in order before the disorder, so that it comes at every stage of a migration. */
const headStartArbitrary = fc.integer({ min: 0, max: 16 });

const runs = 2_000;

const worlds: [transport: "unix" | "tls", patience: Patience][] = (["unix", "tls"] as const).flatMap((transport) =>
  (["GiveUp", "Paused", "PostCopy", "PostCopyNotPermitted"] as const).map((patience): (typeof worlds)[number] => [
    transport,
    patience,
  ]),
);

for (const [transport, patience] of worlds)
  test(`${transport}, ${patience}: never two that run, and in the end one or none`, () => {
    const reached = { source: 0, target: 0, undecided: 0 };
    const modes: Record<string, number> = { PreCopy: 0, Paused: 0, PostCopy: 0 };
    fc.assert(
      fc.property(headStartArbitrary, stepsArbitrary, (rounds, steps) => {
        const world = newWorld(transport, patience);
        moveOnFor(world, rounds);
        for (const step of steps) {
          play(world, step);
          assertOneRuns(world);
        }
        settle(world);
        const state = world.server.status?.migrationState ?? {};
        reached[decisionOf(state)] += 1;
        if (!state.failed) modes[state.mode ?? ""] = (modes[state.mode ?? ""] ?? 0) + 1;
        assertSettled(world);
      }),
      { numRuns: runs },
    );
    // A model in which one side never happens proves nothing of it.
    assert.ok(reached.source > runs / 50 && reached.target > runs / 50, JSON.stringify(reached));
    const due = { GiveUp: undefined, Paused: "Paused", PostCopy: "PostCopy", PostCopyNotPermitted: "Paused" }[patience];
    for (const mode of ["Paused", "PostCopy"]) {
      const arrived = modes[mode] ?? 0;
      assert.ok(mode === due ? arrived > runs / 200 : arrived === 0, JSON.stringify(modes));
    }
  });

for (const [transport, patience] of worlds)
  test(`${transport}, ${patience}: left alone the guest moves`, () => {
    const world = newWorld(transport, patience);
    settle(world);
    assert.deepEqual([world.source.alive, world.target.runState], [false, "running"]);
    assert.equal(world.server.status?.migrationState?.completed, true);
    assert.equal(world.server.status?.migrationState?.failed, undefined);
  });

test("a guest whose other half is gone in postcopy is lost, and is not run at its source again", () => {
  for (const gone of ["source", "target"] as const) {
    const world = switched();
    play(world, { type: "kill", who: gone });
    settle(world);
    const { status } = world.server;
    assert.deepEqual([status?.phase, status?.migrationState?.failed, world.source.alive], ["Failed", true, false]);
    assert.match(status?.migrationState?.failureReason ?? "", /the guest is lost: in postcopy/);
  }
});

/** A world in which the guest runs at its target, and its memory is still on its way. */
function switched(): World {
  const world = newWorld("unix", "PostCopy");
  for (let round = 0; round < 30 && !world.target.hasRun; round++) {
    untilTooLong(world);
    for (let looks = 0; looks < 3; looks++) moveOn(world);
    if (!world.target.hasRun) play(world, { type: "qemu", fails: false });
  }
  assert.deepEqual([world.target.runState, world.target.status], ["running", "postcopy-active"]);
  return world;
}

function isRunning(qemu: World["source"]): boolean {
  return qemu.alive && !["inmigrate", "paused", "finish-migrate", "postmigrate"].includes(qemu.runState);
}

function assertOneRuns({ source, target, server, transport }: World): void {
  assert.ok(!(isRunning(source) && target.hasRun), "the guest runs twice, or on an old state");
  if (!isRunning(target)) return;
  assert.equal(decisionOf(server.status?.migrationState ?? {}), "target");
  assert.equal(target.written, transport === "tls" ? source.written : 0, "the guest runs on an old disk");
}

function settle(world: World): void {
  moveOnFor(world, 50);
}

function moveOnFor(world: World, rounds: number): void {
  for (let round = 0; round < rounds; round++) {
    untilTooLong(world);
    moveOn(world);
    play(world, { type: "qemu", fails: false });
    // Slow, so that whoever does not wait for it is found out.
    if (round % 8 === 7) play(world, { type: "disk", fails: false });
    assertOneRuns(world);
  }
}

function untilTooLong(world: World): void {
  const isPrecopy = world.server.status?.migrationState?.mode === "PreCopy" && world.source.status === "active";
  if (isPrecopy && !world.converges) play(world, { type: "wait" });
}

/** Everybody looks, and does what there is to do. */
function moveOn(world: World): void {
  reportEnds(world);
  for (const who of actors) {
    play(world, { type: "catchUp", who });
    play(world, { type: "look", who });
    if (who !== "controller") for (let left = 0; left < 3; left++) play(world, { type: "act", who });
    assertOneRuns(world);
  }
}

function assertSettled({ source, target, server }: World): void {
  const state = server.status?.migrationState;
  assert.ok(state?.completed, `undecided for ever: ${JSON.stringify(state)}`);
  const winner = decisionOf(state) === "target" ? target : source;
  const loser = winner === target ? source : target;
  assert.ok(!isRunning(loser), "the loser runs");
  if (!state.failed) assert.equal(target.status, "completed", "called a success without all of its memory");
  if (server.status?.phase === "Running") {
    assert.ok(isRunning(winner), "nobody runs");
    assert.equal(standsStill(state), false, "said to stand still");
  } else assert.ok(!winner.alive, "ended, but its QEMU lives");
}
