/**
 * A model of everything around the decisions of a migration: the API's one copy of the instance, agents with copies that lag
 * behind and that may die between any two of their steps, and two QEMUs with the run states that real ones go through. What decides
 * is the product's own code.
 *
 * Between two nodes there is a disk, too: the guest writes to it whenever it runs, and each QEMU has its own copy of it.
 */
import { createMigrationRecords } from "../../../src/node/migration/records.ts";
import { controllerPlan } from "./controller-plan.ts";
import { now, type World, writeStatus, podOf } from "./world.ts";
import { write, advance, advanceCopy, end } from "./qemus.ts";
import { lookAtSource, actAtSource } from "./source.ts";
import { lookAtTarget, actAtTarget } from "./target.ts";

export type Step =
  | { type: "look"; who: "source" | "target" | "controller" }
  | { type: "act"; who: "source" | "target" }
  | { type: "crash"; who: "source" | "target" }
  | { type: "catchUp"; who: "source" | "target" | "controller" }
  | { type: "qemu"; fails: boolean }
  | { type: "disk"; fails: boolean }
  | { type: "wait" }
  | { type: "kill"; who: "source" | "target" }
  | { type: "abort" }
  | { type: "deleteInstance" };

export function play(world: World, step: Step): void {
  write(world);
  switch (step.type) {
    case "look":
      return look(world, step.who);
    case "act":
      return act(world, step.who);
    case "crash": {
      const agent = world.agents[step.who];
      agent.records = createMigrationRecords();
      agent.copy = world.server;
      agent.todo = [];
      return;
    }
    case "catchUp":
      if (step.who === "controller") world.controllerCopy = world.server;
      else world.agents[step.who].copy = world.server;
      return;
    case "qemu":
      return advance(world, step.fails);
    case "disk":
      return advanceCopy(world, step.fails);
    case "wait":
      // Longer than the patience with a transfer, shorter than that with one whose guest stands still.
      world.nowMs += 160_000;
      return;
    case "kill":
      return end(world, step.who);
    case "abort":
      world.migrationDeleted = true;
      return;
    case "deleteInstance":
      world.server = { ...world.server, metadata: { ...world.server.metadata, deletionTimestamp: now } };
  }
}

/** The node agent's and the kubelet's part: an active launcher whose QEMU is gone ends the instance. */
export function reportEnds(world: World): void {
  const state = world.server.status?.migrationState;
  const active = state?.targetNodeDomainDetected ? world.target : world.source;
  if (!active.alive) world.server = { ...world.server, status: { ...world.server.status, phase: "Failed" } };
}

function look(world: World, who: "source" | "target" | "controller"): void {
  if (who === "source") lookAtSource(world);
  else if (who === "target") lookAtTarget(world);
  else lookAsController(world);
}

function lookAsController(world: World): void {
  const pods = [podOf(world, "source"), podOf(world, "target")];
  for (const enter of controllerPlan(world.controllerCopy, pods, world.migrationDeleted, now)) {
    writeStatus(world, world.controllerCopy, enter);
  }
}

function act(world: World, who: "source" | "target"): void {
  if (who === "source") actAtSource(world);
  else actAtTarget(world);
}
