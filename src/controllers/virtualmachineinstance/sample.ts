/** Observations for tests to vary. */
import type { Pod } from "../../../api/core.ts";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import type { VirtualMachineInstanceStatus } from "../../../api/kubevirt/types.ts";
import type { Condition } from "../../../api/meta.ts";
import type { Observation } from "./observation.ts";

export const now = "2026-01-01T00:00:00Z";

export function observationOf(
  phase: string | undefined,
  change: Partial<Observation> = {},
  conditions: Condition[] = [],
): Observation {
  const status: VirtualMachineInstanceStatus | undefined = phase === undefined ? undefined : { phase, conditions };
  return {
    vmi: sampleVmi((vmi) => {
      vmi.status = status;
    }),
    pods: [],
    claims: [],
    nodeExists: true,
    hasOtherNodes: false,
    accelerator: "tcg",
    createFailure: undefined,
    now,
    ...change,
  };
}

export function podIn(
  phase: NonNullable<Pod["status"]>["phase"],
  change: { metadata?: Pod["metadata"]; status?: Partial<NonNullable<Pod["status"]>> } = {},
): Pod {
  const state =
    phase === "Running" ? { running: {} } : phase === "Pending" ? { waiting: {} } : { terminated: { exitCode: 1 } };
  return {
    metadata: { name: "virt-launcher-a-xxxxx", namespace: "default", uid: "pod-uid", ...change.metadata },
    spec: { nodeName: "node", containers: [] },
    status: {
      phase,
      containerStatuses: [{ name: "compute", image: "", imageID: "", ready: true, restartCount: 0, state }],
      ...change.status,
    },
  };
}

export const deleting = { deletionTimestamp: now };
