/** What two QEMUs do by themselves, with the run states that real ones go through, and what they do when they are told to. */
import type { MigrationStatus } from "../../../src/qemu/qmp/commands.ts";
import type { World } from "./world.ts";
import { copyThatIs } from "./ends.ts";

/** The guest, when it runs at the source. A copy that is ready gets each write, too. */
export function write({ source, target }: World): void {
  if (!source.alive || source.runState !== "running") return;
  source.written += 1;
  if (target.alive && source.copies[0]?.status === "ready") target.written = source.written;
}

/**
 * active -> (pre-switchover, until told to go on ->) device, source stopped -> target has it (paused) -> source completed
 * (postmigrate). The connection may break at any of them: until `completed` the source then goes on by itself, also when the target
 * has everything.
 *
 * Told to switch: active -> (pre-switchover ->) postcopy-active, still running -> stopped, target has the processors (paused) -> memory
 * follows -> completed. Before memory has followed a broken connection is a failure as ever, and afterwards it leaves both waiting.
 */
export function advance(world: World, fails: boolean): void {
  const { source, target } = world;
  if (!source.alive) return;
  if (source.status === "postcopy-active") return advancePostcopy(world, fails);
  if (source.status !== "active" && source.status !== "device") return;
  if (fails || !target.alive) return fail(world, "failed");
  if (source.status === "active") {
    if (!(world.converges || source.switching || source.paused)) return;
    const isGated = world.transport === "tls";
    source.status = isGated ? "pre-switchover" : source.switching ? "postcopy-active" : "device";
    if (isGated || !source.switching) source.runState = "finish-migrate";
  } else if (source.switching) {
    source.status = "postcopy-active";
  } else if (target.runState === "inmigrate") {
    target.runState = "paused";
    target.status = "completed";
  } else {
    source.status = "completed";
    source.runState = "postmigrate";
  }
}

export function advancePostcopy(world: World, fails: boolean): void {
  const { source, target } = world;
  if (source.postcopyBytes > 0 && (fails || !target.alive)) {
    source.status = "postcopy-paused";
    if (target.alive) target.status = "postcopy-paused";
  } else if (fails || !target.alive) {
    fail(world, "failed");
  } else if (target.runState === "inmigrate") {
    source.runState = "finish-migrate";
    Object.assign(target, { runState: "paused", status: "postcopy-active" });
  } else if (source.postcopyBytes === 0) {
    source.postcopyBytes = 1;
  } else {
    Object.assign(source, { status: "completed", runState: "postmigrate" });
    target.status = "completed";
  }
}

export function advanceCopy({ source, target }: World, fails: boolean): void {
  const [copy] = source.copies;
  if (copy === undefined || copy.status === "concluded") return;
  const isWell = target.alive && !fails;
  source.copies = [isWell ? copyThatIs("ready") : copyThatIs("concluded", "Input/output error")];
  if (isWell) target.written = source.written;
}

export function fail({ source, target }: World, status: MigrationStatus): void {
  source.status = status;
  source.runState = source.paused ? "paused" : "running";
  source.switching = false;
  // A target that lacks something ends, or waits for it if it can; one that has everything waits to be told.
  if (target.status === "postcopy-active") target.status = "postcopy-paused";
  if (target.runState === "inmigrate") target.alive = false;
}

export function end(world: World, who: "source" | "target"): void {
  world[who].alive = false;
  const { source, target } = world;
  // One that waits to be told to go on does not notice.
  if (who === "target" && ["active", "device", "postcopy-active"].includes(source.status ?? "")) breakOff(world);
  if (who === "source" && target.runState === "inmigrate" && target.status === "active") target.alive = false;
  if (who === "source" && target.status === "postcopy-active") target.status = "postcopy-paused";
}

export function breakOff(world: World): void {
  const { source } = world;
  if (source.alive && source.status === "postcopy-active") advancePostcopy(world, true);
  else if (source.alive) fail(world, "failed");
}
