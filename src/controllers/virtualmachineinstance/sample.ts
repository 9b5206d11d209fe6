/** Observations for tests to vary. */
import type { ContainerState, Pod } from "../../../api/core.ts";
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
    nodeSilence: undefined,
    accelerator: "tcg",
    wantedResources: {},
    podsCanGrow: true,
    createFailure: undefined,
    now,
    instant: "2026-01-01T00:00:00.123Z",
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
      containerStatuses: [containerStatus("compute", state)],
      ...change.status,
    },
  };
}

export function containerStatus(name: string, state: ContainerState) {
  return { name, image: "", imageID: "", ready: state.running !== undefined, restartCount: 0, state };
}

/** A launcher that copies one container disk, in this state. */
export function copyingPod(phase: "Pending" | "Failed", state: ContainerState): Pod {
  const pod = podIn(phase, {
    status: {
      initContainerStatuses: [{ name: "copy-disk-0", image: "", imageID: "", ready: false, restartCount: 0, state }],
    },
  });
  const volumeMounts = [{ name: "root", mountPath: "/var/run/vmpod/container-disks/root" }];
  return {
    ...pod,
    spec: { containers: [], ...pod.spec, initContainers: [{ name: "copy-disk-0", image: "guest:1", volumeMounts }] },
  };
}

export const deleting = { deletionTimestamp: now };
