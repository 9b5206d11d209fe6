import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerState, Pod } from "../../../../api/core.ts";
import type { VirtualMachineInstanceStatus } from "../../../../api/kubevirt/types.ts";
import type { Condition } from "../../../../api/meta.ts";
import { findCondition } from "../../../runtime/conditions.ts";
import type { Silence } from "../../../runtime/node-heartbeat.ts";
import { containerStatus, copyingPod, deleting, now, observationOf, podIn } from "../sample.ts";
import { decideEvents } from "./events.ts";
import { decidePhase } from "./phase.ts";
import { decideConditions } from "./vmi-conditions.ts";

function find(observation: Parameters<typeof decideConditions>[0], type: string): string | undefined {
  const phase = observation.vmi.status?.phase ?? "Pending";
  const condition = findCondition(decideConditions(observation, phase), type);
  return condition && `${condition.status} ${condition.reason ?? ""}`.trim();
}

const ready = { status: { conditions: [{ type: "Ready", status: "True" }] } };
const waiting = (reason: string): Pod =>
  podIn("Pending", {
    status: {
      containerStatuses: [
        { name: "compute", image: "", imageID: "", ready: false, restartCount: 0, state: { waiting: { reason } } },
      ],
    },
  });

test("Ready follows the pod and the guest", () => {
  const paused: Condition = { type: "Paused", status: "True" };
  const table: [Parameters<typeof find>[0], string][] = [
    [observationOf("Pending"), "False PodNotExists"],
    [observationOf("Running", { pods: [podIn("Running", { metadata: deleting })] }), "False PodTerminating"],
    [observationOf("Scheduled", { pods: [podIn("Running", ready)] }), "False GuestNotRunning"],
    [observationOf("Running", { pods: [podIn("Running")] }), "False PodConditionMissing"],
    [observationOf("Running", { pods: [podIn("Running", ready)] }), "True"],
    [observationOf("Running", { pods: [podIn("Running", ready)] }, [paused]), "False GuestPaused"],
  ];
  for (const [observation, expected] of table) assert.equal(find(observation, "Ready"), expected);
});

test("Synchronized says why there is no machine yet, and goes when there is", () => {
  const failed: Condition = { type: "Synchronized", status: "False", reason: "ErrImagePull" };
  const agents: Condition = { type: "Synchronized", status: "False", reason: "SyncFailed" };
  const table: [Parameters<typeof find>[0], string | undefined][] = [
    [observationOf("Pending"), undefined],
    [observationOf("Pending", { createFailure: "no" }), "False FailedCreate"],
    [
      observationOf("Pending", { claims: [{ name: "c", exists: false, block: false, shared: false }] }),
      "False FailedPvcNotFound",
    ],
    [observationOf("Scheduling", { pods: [waiting("ErrImageNeverPull")] }), "False ErrImagePull"],
    [observationOf("Scheduling", { pods: [waiting("ImagePullBackOff")] }), "False ImagePullBackOff"],
    [observationOf("Scheduling", { pods: [waiting("ContainerCreating")] }, [failed]), undefined],
    [observationOf("Running", { pods: [podIn("Running")] }, [agents]), "False SyncFailed"],
  ];
  for (const [observation, expected] of table) assert.equal(find(observation, "Synchronized"), expected);
});

test("PodScheduled is copied while it is false", () => {
  const unscheduled = { status: { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }] } };
  assert.equal(
    find(observationOf("Scheduling", { pods: [podIn("Pending", unscheduled)] }), "PodScheduled"),
    "False Unschedulable",
  );
  assert.equal(find(observationOf("Scheduling", { pods: [podIn("Pending")] }), "PodScheduled"), undefined);
});

test("a Ready guest has no reason left from before", () => {
  const before: Condition = { type: "Ready", status: "False", reason: "GuestNotRunning", message: "no" };
  const conditions = decideConditions(
    observationOf("Running", { pods: [podIn("Running", ready)] }, [before]),
    "Running",
  );
  const after = conditions.find(({ type }) => type === "Ready");
  assert.deepEqual(JSON.parse(JSON.stringify(after)), { type: "Ready", status: "True", lastTransitionTime: now });
});

test("a disk that is being copied is told, and one that could not be", () => {
  const copying = observationOf("Scheduling", { pods: [copyingPod("Pending", { running: {} })] });
  assert.equal(find(copying, "Provisioning"), "True CopyingContainerDisk");
  assert.equal(find(copying, "Synchronized"), undefined);
  const before: Condition[] = [{ type: "Provisioning", status: "True", reason: "CopyingContainerDisk" }];
  assert.equal(find(observationOf("Scheduling", { pods: [podIn("Running")] }, before), "Provisioning"), undefined);
  const ended = { terminated: { exitCode: 1, message: "cp: No space left on device\n" } };
  const failed = observationOf("Scheduling", { pods: [copyingPod("Failed", ended)] });
  const condition = findCondition(decideConditions(failed, "Failed"), "Synchronized");
  assert.equal(condition?.reason, "ContainerDiskCopyFailed");
  assert.equal(condition?.message, "volume root: image guest:1 was not copied: cp: No space left on device");
});

test("a silent agent is told while the guest may run, and never takes the machine away", () => {
  const nodeSilence: Silence = { who: "agent", since: "2026-01-01T00:00:00Z" };
  const silent = (phase: string) => observationOf(phase, { pods: [podIn("Running", ready)], nodeSilence });
  assert.equal(find(silent("Running"), "NodeUnresponsive"), "True HeartbeatMissed");
  assert.equal(decidePhase(silent("Running")).phase, "Running");
  assert.equal(find(silent("Scheduled"), "NodeUnresponsive"), "True HeartbeatMissed");
  assert.equal(find(silent("Scheduling"), "NodeUnresponsive"), undefined);
  const before: Condition[] = [{ type: "NodeUnresponsive", status: "True", reason: "HeartbeatMissed" }];
  assert.equal(find(observationOf("Running", { pods: [podIn("Running")] }, before), "NodeUnresponsive"), undefined);
});

test("a silent node is told, with what to do about it", () => {
  const nodeSilence: Silence = { who: "kubelet", since: "2026-01-01T00:00:00Z" };
  const observation = observationOf("Running", { pods: [podIn("Running", ready)], nodeSilence });
  assert.equal(find(observation, "NodeUnresponsive"), "True NodeStatusUnknown");
  assert.equal(decidePhase(observation).phase, "Running");
});

test("what changes for all to see is told once", () => {
  const told = (was: Condition[], is: Condition[], more: VirtualMachineInstanceStatus = {}) =>
    decideEvents(observationOf("Running", {}, was).vmi, {
      phase: "Running",
      nodeName: "n1",
      conditions: is,
      ...more,
    }).map(({ reason }) => reason);
  const silent: Condition = { type: "NodeUnresponsive", status: "True", message: "m" };
  const uncopied: Condition = { type: "Synchronized", status: "False", reason: "ContainerDiskCopyFailed" };
  assert.deepEqual(told([], [silent]), ["NodeUnresponsive"]);
  assert.deepEqual(told([silent], [silent]), []);
  assert.deepEqual(told([silent], []), ["NodeResponsive"]);
  assert.deepEqual(told([silent], [], { phase: "Failed", reason: "NodeUnresponsive" }), []);
  assert.deepEqual(told([], [], { phase: "Failed", reason: "Error" }), ["Stopped"]);
  assert.deepEqual(told([], [uncopied]), ["ContainerDiskCopyFailed"]);
  assert.deepEqual(told([uncopied], [uncopied]), []);
});

test("a file system whose server was killed is told, once, until QEMU is gone, too", () => {
  const pod = (server: ContainerState, qemu: ContainerState) =>
    podIn("Running", {
      status: { containerStatuses: [containerStatus("compute", qemu), containerStatus("virtiofs-data", server)] },
    });
  const killed = { terminated: { exitCode: 137, reason: "Error", message: "Killed\n" } };
  const lost = observationOf("Running", { pods: [pod(killed, { running: {} })] });
  const conditions = decideConditions(lost, "Running");
  const told = findCondition(conditions, "Synchronized");
  assert.equal(told?.reason, "FilesystemLost");
  assert.match(told?.message ?? "", /^filesystem data: virtiofsd ended \(Killed\),.*restart the machine$/);
  const events = (vmi: typeof lost.vmi) => decideEvents(vmi, { ...vmi.status, conditions }).map(({ reason }) => reason);
  assert.deepEqual(events(lost.vmi), ["FilesystemLost"]);
  assert.deepEqual(events({ ...lost.vmi, status: { phase: "Running", conditions } }), []);
  const ended = { terminated: { exitCode: 0 } };
  for (const pods of [[pod(killed, ended)], [pod(ended, { running: {} })]])
    assert.equal(
      findCondition(decideConditions(observationOf("Running", { pods }), "Running"), "Synchronized"),
      undefined,
    );
});
