import assert from "node:assert/strict";
import { test } from "node:test";
import type { MigrationState } from "../../../api/kubevirt/migration/migration.ts";
import type { MigrationStatus } from "../../qemu/qmp/commands.ts";
import { someVmi } from "../domain/observation.fixture.ts";
import type { SourceObservation } from "./observation.ts";
import { disturbanceDue, overdue } from "./patience.ts";
import { createMigrationRecords } from "./records.ts";

const startTimestamp = "2026-01-01T00:00:00Z";

/** Of a guest with less than a GiB, whose patience is 10 s. */
function after(seconds: number, state: MigrationState, status: MigrationStatus = "active"): SourceObservation {
  const configured = { completionTimeoutPerGiB: 10, ...state.migrationConfiguration };
  return {
    key: "default/one",
    nowMs: Date.parse(startTimestamp) + seconds * 1000,
    vmi: someVmi(),
    state: { startTimestamp, mode: "PreCopy", ...state, migrationConfiguration: configured },
    migrationUid: "m",
    pod: {},
    targetPod: undefined,
    qemu: { pid: 1, startTicks: 1 },
    runState: "running",
    transfer: { status },
    copies: [],
    record: createMigrationRecords().of("m"),
  };
}

const tough: MigrationState = { migrationConfiguration: { allowWorkloadDisruption: true } };
const toughest: MigrationState = { migrationConfiguration: { allowWorkloadDisruption: true, allowPostCopy: true } };
const spared: MigrationState = { migrationConfiguration: { allowPostCopy: true, allowWorkloadDisruption: false } };

const table: [what: string, observation: SourceObservation, due: string | undefined, isGivenUp: boolean][] = [
  ["in time", after(10, toughest), undefined, false],
  ["may not be disturbed", after(11, {}), undefined, true],
  ["may not be disturbed, whatever else", after(11, spared), undefined, true],
  ["may stand still", after(11, tough), "Paused", true],
  ["may go on elsewhere", after(11, toughest), "PostCopy", true],
  ["no limit", after(1e6, { migrationConfiguration: { completionTimeoutPerGiB: 0 } }), undefined, false],
  ["its memory is not on its way yet", after(11, toughest, "setup"), undefined, true],
  ["is to be aborted", after(11, { ...toughest, abortRequested: true }), undefined, true],
  ["stands still", after(20, { ...tough, mode: "Paused" }), undefined, false],
  ["stands still for too long", after(21, { ...tough, mode: "Paused" }), undefined, true],
  ["is in postcopy, from where there is no way back", after(1e6, { ...toughest, mode: "PostCopy" }), undefined, false],
];

for (const [what, observation, due, isGivenUp] of table) {
  test(`patience with a guest that ${what}`, () => {
    assert.equal(disturbanceDue(observation), due);
    assert.equal(overdue(observation) !== undefined, isGivenUp);
  });
}
