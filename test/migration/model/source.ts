/** The agent of the source in the model: it decides and plans by the product's own code. */
import assert from "node:assert/strict";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { firstPauseMs } from "../../../src/node/migration/pause-limit.ts";
import { decideAtSource, enterDecision, planSource, type SourceAction } from "../../../src/node/migration/source.ts";
import { migrationUid, type Qemu, type World, writeStatus, podOf } from "./world.ts";
import { fail, end } from "./qemus.ts";
import { copyThatIs, endOf, someCredentials } from "./ends.ts";

export function lookAtSource(world: World): void {
  const { source, agents } = world;
  if (!source.alive) return;
  const observation = { ...endOf(world, "source"), targetPod: podOf(world, "target") };
  const decision = decideAtSource(observation);
  const enter = (current: VirtualMachineInstance) =>
    decision && enterDecision(current, migrationUid, decision, observation.nowMs);
  const written = writeStatus(world, observation.vmi, enter);
  if (written && decision?.type === "begin") agents.source.records.of(migrationUid).begun = true;
  agents.source.todo = planSource(observation);
}

export function actAtSource(world: World): void {
  const action = world.agents.source.todo.shift();
  if (action !== undefined && world.source.alive) atSource[action.type](world);
}

const atSource: Record<SourceAction["type"], (world: World) => void> = {
  introduce({ agents }) {
    const record = agents.source.records.of(migrationUid);
    record.credentials = someCredentials;
    record.introduction = { sourceAuthority: "source", disks: [] };
  },
  copy({ source, target, agents }) {
    if (source.copies.length > 0) return;
    if (target.alive && target.listening) source.copies = [copyThatIs("running")];
    else agents.source.records.of(migrationUid).failure = "connection refused";
  },
  send({ source, target, agents }) {
    agents.source.records.of(migrationUid).sent = true;
    const arrives = target.alive && target.listening && target.status === undefined;
    source.status = arrives ? "active" : "failed";
    if (arrives) target.status = "active";
  },
  finishCopies({ source, target }) {
    if (source.copies[0]?.status !== "ready") return;
    source.copies = [copyThatIs("concluded", target.alive ? undefined : "Input/output error")];
    if (target.alive) target.written = source.written;
  },
  continue({ source }) {
    if (source.status === "pre-switchover") source.status = "device";
  },
  allowPause({ agents }) {
    agents.source.records.of(migrationUid).pauseMs = firstPauseMs;
  },
  startPostcopy({ source, server }) {
    assert.equal(server.status?.migrationState?.migrationConfiguration?.allowPostCopy, true);
    if (source.status === "active") source.switching = true;
  },
  pause({ source }) {
    if (source.runState === "running") Object.assign(source, { runState: "paused", paused: true });
  },
  cancel(world) {
    if (isOnItsWay(world.source)) fail(world, "cancelled");
  },
  resume({ source, server }) {
    // "Migration is not finalized yet"
    if (source.runState === "finish-migrate") return;
    if (server.status?.migrationState?.failed) Object.assign(source, { runState: "running", paused: false });
  },
  dropCopies({ source }) {
    const isOver = source.copies[0]?.status === "concluded";
    source.copies = isOver ? [] : [copyThatIs("concluded", "Operation canceled")];
  },
  quit(world) {
    end(world, "source");
  },
  kill(world) {
    end(world, "source");
  },
};

function isOnItsWay({ status }: Qemu): boolean {
  return status === "active" || status === "pre-switchover" || status === "device";
}
