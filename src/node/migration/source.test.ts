import assert from "node:assert/strict";
import { test } from "node:test";
import type { VolumeStatus } from "../../../api/kubevirt/memory-dump.ts";
import { someVmi } from "../domain/observation.fixture.ts";
import { createMigrationRecords } from "./records.ts";
import { decideAtSource } from "./source.ts";

test("a guest leaves when the dump of its memory has come to an end", () => {
  const decisionWith = (...volumeStatus: VolumeStatus[]) =>
    decideAtSource({
      key: "default/one",
      nowMs: 0,
      vmi: someVmi({ status: { phase: "Running", volumeStatus } }),
      state: { targetNodeAddress: "10.42.0.8" },
      migrationUid: "m",
      pod: {},
      targetPod: undefined,
      qemu: { pid: 1, startTicks: 1 },
      runState: "running",
      transfer: {},
      copies: [],
      record: createMigrationRecords().of("m"),
    })?.type;
  const disk = { name: "root", target: "vda" };
  const dump = (phase: string) => ({ name: "dump", target: "", phase });
  assert.equal(decisionWith(disk), "begin");
  assert.equal(decisionWith(disk, dump("MemoryDumpInProgress")), undefined);
  assert.equal(decisionWith(disk, dump("MemoryDumpCompleted")), "begin");
  assert.equal(decisionWith(disk, dump("MemoryDumpFailed")), "begin");
});
