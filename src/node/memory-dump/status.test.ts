import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../../api/core.ts";
import type { VolumeStatus } from "../../../api/kubevirt/memory-dump.ts";
import { someObservation, someVmi } from "../domain/observation.fixture.ts";
import { plan } from "../domain/plan.ts";
import { lookAgainAfterMs } from "../domain/reconciler.ts";
import { decideStatus } from "../status/status.ts";
import type { DumpObservation } from "./observe.ts";

type Phase = NonNullable<Pod["status"]>["phase"];

function pod(phase: Phase, message?: string): Pod {
  const terminated = { exitCode: 1, ...(message && { message }) };
  const container = { name: "dump", image: "", imageID: "", ready: false, restartCount: 0, state: { terminated } };
  return { metadata: { name: "writer", uid: "writer" }, status: { phase, containerStatuses: [container] } };
}

const never = { status: "none", completed: 0, total: 0 } as const;
const half = { status: "active", completed: 48 * 2 ** 20, total: 96 * 2 ** 20 } as const;
const all = { status: "completed", completed: half.total, total: half.total } as const;
const broken = { ...half, status: "failed" } as const;

function dump(change: Partial<DumpObservation>): DumpObservation {
  return {
    claimName: "claim",
    name: "claim",
    pod: pod("Running"),
    file: "one-claim-20260102-030405.memory.dump",
    isWaiting: false,
    qemu: never,
    refusal: undefined,
    ...change,
  };
}

const observe = (change: Partial<DumpObservation>, volumeStatus?: VolumeStatus[]) =>
  someObservation({ vmi: someVmi({ status: { phase: "Running", volumeStatus } }), dump: dump(change) });

const entryOf = (observation: ReturnType<typeof observe>) =>
  decideStatus(observation).volumeStatus?.find(({ memoryDumpVolume }) => memoryDumpVolume);

test("from the pod and QEMU follows how far a dump is, and whether QEMU is to begin", () => {
  const starts = true;
  const table: [string, Partial<DumpObservation>, string | undefined, RegExp, boolean?][] = [
    ["no pod on this node", { pod: undefined }, undefined, /^$/],
    ["a pod that does not run yet", { pod: pod("Pending") }, undefined, /^$/],
    ["a pod that has not made its pipe yet", {}, "MemoryDumpInProgress", /pod writer writes it/],
    ["a pod that waits", { isWaiting: true }, "MemoryDumpInProgress", /about to begin/, starts],
    ["a pod that waits after an earlier dump", { isWaiting: true, qemu: all }, "MemoryDumpInProgress", /about/, starts],
    ["QEMU has just opened the pipe", { isWaiting: true, qemu: half }, "MemoryDumpInProgress", /about to begin/],
    ["half is written", { qemu: half }, "MemoryDumpInProgress", /^50%: 48 of 96 MiB/],
    ["QEMU is done, the pod not yet", { qemu: all }, "MemoryDumpInProgress", /pod writer writes it/],
    ["the pod is done, QEMU not yet", { pod: pod("Succeeded"), qemu: half }, "MemoryDumpInProgress", /^50%/],
    ["both are done", { pod: pod("Succeeded"), qemu: all }, "MemoryDumpCompleted", /is complete in claim claim/],
    ["QEMU gave up", { pod: pod("Succeeded"), qemu: broken }, "MemoryDumpFailed", /has not sent all/],
    [
      "the claim is full",
      { pod: pod("Failed", "No space left\n"), qemu: broken },
      "MemoryDumpFailed",
      /No space left$/,
    ],
    ["the pod was evicted", { pod: pod("Failed") }, "MemoryDumpFailed", /no reason was given \(exit 1\)/],
    ["QEMU refused", { isWaiting: true, refusal: "migration" }, "MemoryDumpFailed", /^migration$/],
  ];
  for (const [name, change, phase, message, begins = false] of table) {
    const observation = observe(change);
    const entry = entryOf(observation);
    assert.equal(entry?.phase, phase, name);
    assert.match(entry?.message ?? "", message, name);
    assert.equal(
      plan(observation).some(({ type }) => type === "dumpMemory"),
      begins,
      name,
    );
    if (phase === "MemoryDumpInProgress" && !begins) assert.equal(lookAgainAfterMs(observation), 1_000, name);
  }
});

test("when it began is kept, and when it ended told; what it came to stays until nobody asks any more", () => {
  const [start, now] = ["2026-01-02T03:04:00Z", "2026-01-02T03:04:05Z"];
  const before = { name: "claim", target: "", memoryDumpVolume: { claimName: "claim", startTimestamp: start } };
  const ended = entryOf(observe({ pod: pod("Succeeded"), qemu: all }, [before]));
  assert.deepEqual(ended?.memoryDumpVolume, {
    claimName: "claim",
    startTimestamp: start,
    endTimestamp: now,
    targetFileName: "one-claim-20260102-030405.memory.dump",
  });
  assert.deepEqual(entryOf(observe({ pod: undefined, qemu: broken }, [ended])), ended);
  const unasked = someObservation({ vmi: someVmi({ status: { phase: "Running", volumeStatus: [ended] } }) });
  assert.equal(entryOf(unasked), undefined);
});
