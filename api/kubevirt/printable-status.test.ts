import assert from "node:assert/strict";
import { test } from "node:test";
import type { Condition } from "../meta.ts";
import { printableStatus } from "./printable-status.ts";
import { sampleVm, sampleVmi } from "./sample.ts";
import type { VirtualMachine, VirtualMachineInstance } from "./types.ts";

interface Case {
  phase?: string;
  condition?: Condition;
  deleting?: boolean;
  vm?: (vm: VirtualMachine) => void;
  hasUnboundClaim?: boolean;
}

function statusOf({ phase, condition, deleting, vm, hasUnboundClaim = false }: Case): string {
  const vmi: VirtualMachineInstance | undefined =
    phase === undefined
      ? undefined
      : sampleVmi((draft) => {
          draft.status = { phase, conditions: condition ? [condition] : [] };
          if (deleting) draft.metadata = { ...draft.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" };
        });
  return printableStatus({ vm: sampleVm(vm), vmi, hasUnboundClaim });
}

const unsynchronized = (reason: string): Condition => ({ type: "Synchronized", status: "False", reason });

test("upstream's words in upstream's order", () => {
  const table: [string, Case][] = [
    ["Terminating", { phase: "Running", vm: (vm) => Object.assign(vm.metadata ?? {}, { deletionTimestamp: "x" }) }],
    ["Stopping", { phase: "Running", deleting: true }],
    ["Paused", { phase: "Running", condition: { type: "Paused", status: "True" } }],
    ["Running", { phase: "Running" }],
    ["ErrorPvcNotFound", { phase: "Pending", condition: unsynchronized("FailedPvcNotFound") }],
    [
      "ErrorUnschedulable",
      { phase: "Scheduling", condition: { type: "PodScheduled", status: "False", reason: "Unschedulable" } },
    ],
    ["WaitingForVolumeBinding", { phase: "Pending", hasUnboundClaim: true }],
    ["ErrImagePull", { phase: "Scheduling", condition: unsynchronized("ErrImagePull") }],
    ["ImagePullBackOff", { phase: "Scheduling", condition: unsynchronized("ImagePullBackOff") }],
    ["Starting", { phase: "Scheduling" }],
    ["Starting", { phase: "Scheduled" }],
    ["CrashLoopBackOff", { vm: (vm) => Object.assign(vm, { status: { startFailure: { consecutiveFailCount: 1 } } }) }],
    ["Stopped", {}],
    ["Stopped", { phase: "Succeeded" }],
    ["Unknown", { phase: "Unknown" }],
  ];
  for (const [word, situation] of table) assert.equal(statusOf(situation), word, JSON.stringify(situation));
});
