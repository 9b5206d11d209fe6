import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event, Node, PersistentVolumeClaim, Pod } from "../../../api/core.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Condition } from "../../../api/meta.ts";
import { explainMachine } from "./explain-machine.ts";
import { type Situation, sentence } from "./situation.ts";

const template = { spec: { domain: { devices: {} } } };

function vm(spec: Partial<VirtualMachine["spec"]> = {}, status: VirtualMachine["status"] = {}): VirtualMachine {
  return { metadata: { name: "legacy", uid: "vm" }, spec: { runStrategy: "Always", template, ...spec }, status };
}

function vmi(phase: string, ...conditions: Condition[]): VirtualMachineInstance {
  const interfaces = [{ ipAddress: "10.42.0.7" }];
  const status = { phase, nodeName: "n1", interfaces, conditions } as VirtualMachineInstance["status"];
  return { metadata: { name: "legacy", uid: "vmi" }, spec: template.spec, status };
}

const ready: Condition = { type: "Ready", status: "True" };
const agentConnected: Condition = { type: "AgentConnected", status: "True" };

function node(readyStatus: "True" | "False" | "Unknown" = "True", annotations?: Record<string, string>): Node {
  return {
    metadata: { name: "n1", annotations: annotations ?? { "vmpod.dev/agent-endpoint": "https://10.42.0.1:10260" } },
    status: {
      allocatable: { memory: "2Gi" },
      conditions: [{ type: "Ready", status: readyStatus, message: "kubelet stopped posting node status" }],
    },
  };
}

function pod(nodeName: string | undefined, status: Pod["status"] = {}, memory = "256Mi"): Pod {
  return {
    metadata: { name: "virt-launcher-legacy-abcde", uid: "pod" },
    spec: { nodeName, containers: [{ name: "compute", resources: { requests: { memory } } }] },
    status,
  };
}

function waiting(reason: string, message?: string): Pod["status"] {
  return { containerStatuses: [{ name: "compute", state: { waiting: { reason, message } } }] } as Pod["status"];
}

function unschedulable(message: string): Pod["status"] {
  return { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] };
}

const running = { containerStatuses: [{ name: "compute", state: { running: {} } }] } as Pod["status"];

function terminated(exitCode: number, reason: string, message?: string): Pod["status"] {
  return {
    containerStatuses: [{ name: "compute", state: { terminated: { exitCode, reason, message } } }],
  } as Pod["status"];
}

function warning(reason: string, message: string): Event {
  return { type: "Warning", reason, message, metadata: {}, involvedObject: { uid: "pod" } };
}

function moving(migrationState: object): VirtualMachineInstance {
  const machine = vmi("Running", ready, agentConnected);
  return { ...machine, status: { ...machine.status, migrationState } };
}

function claim(name: string, phase: "Pending" | "Lost"): PersistentVolumeClaim {
  return { metadata: { name, uid: name }, status: { phase } };
}

function deletedVm(finalizers: string[]): VirtualMachine {
  return { ...vm(), metadata: { name: "legacy", deletionTimestamp: "2025-12-31T23:00:00Z", finalizers } };
}

const pending = vmi("Pending");
const cases: [name: string, situation: Partial<Situation>, expected: RegExp][] = [
  ["nothing there", {}, /^legacy does not exist in namespace default.*`kubectl get vm -A`/],
  ["halted", { vm: vm({ runStrategy: "Halted" }) }, /^legacy is halted.*: start it with `vmpod start legacy`\.$/],
  ["running: false", { vm: vm({ runStrategy: undefined, running: false }) }, /^legacy is halted/],
  ["manual, never started", { vm: vm({ runStrategy: "Manual" }) }, /not started, or was stopped.*vmpod start/],
  ["ran once", { vm: vm({ runStrategy: "Once" }, { printableStatus: "Stopped" }) }, /has run and ended by itself/],
  ["controller not there", { vm: vm() }, /no instance yet.*`vmpod status`/],
  [
    "pending admission: the instance is refused",
    {
      vm: vm(
        {},
        { conditions: [{ type: "Failure", status: "True", reason: "FailedCreate", message: "exceeded quota: q" }] },
      ),
    },
    /creating it failed \(exceeded quota: q\)/,
  ],
  [
    "crash loop",
    { vm: vm({}, { startFailure: { consecutiveFailCount: 3, retryAfterTimestamp: "2026-01-01T00:01:30Z" } }) },
    /failed to start 3 times in a row; the next try is in 90 s/,
  ],
  [
    "being deleted",
    { vm: { ...vm(), metadata: { name: "legacy", deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["f"] } } },
    /is being deleted and waits for f/,
  ],
  [
    "missing claim",
    {
      vmi: vmi("Pending", {
        type: "Synchronized",
        status: "False",
        reason: "FailedPvcNotFound",
        message: "failed to find PersistentVolumeClaim data",
      }),
    },
    /waits for storage \(failed to find PersistentVolumeClaim data\).*create the PersistentVolumeClaim/,
  ],
  [
    "pod refused",
    {
      vmi: vmi("Pending", {
        type: "Synchronized",
        status: "False",
        reason: "FailedCreate",
        message: "pods is forbidden",
      }),
    },
    /no pod because creating it failed \(pods is forbidden\)/,
  ],
  ["no pod yet", { vmi: pending }, /waits for its pod \(phase Pending\)/],
  [
    "held by a gate",
    { vmi: pending, pod: { ...pod(undefined), spec: { containers: [], schedulingGates: [{ name: "quota" }] } } },
    /held back before scheduling by quota/,
  ],
  [
    "no node at all",
    { vmi: pending, pod: pod(undefined), nodes: [] },
    /cannot be placed because there is no node.*vmpod up/,
  ],
  [
    "node not ready",
    { vmi: pending, pod: pod(undefined), nodes: [node("False")] },
    /node n1 is not ready \(kubelet stopped posting/,
  ],
  [
    "no memory",
    {
      vmi: vmi("Scheduling"),
      pod: pod(undefined, unschedulable("0/1 nodes are available: 1 Insufficient memory."), "1536Mi"),
      nodePods: [pod("n1", { phase: "Running" }, "1Gi"), pod("n1", { phase: "Succeeded" }, "1Gi")],
    },
    /asks for 1536Mi of memory but node n1 has only 1024Mi free: .*lower spec.domain.memory.guest/,
  ],
  [
    "fits nowhere for another reason",
    {
      vmi: vmi("Scheduling"),
      pod: pod(undefined, unschedulable("0/1 nodes are available: 1 node(s) didn't match node selector")),
    },
    /fits on no node \(0\/1 nodes are available: 1 node\(s\) didn't match/,
  ],
  [
    "no node with dedicated CPUs",
    {
      vmi: vmi("Scheduling"),
      pod: {
        ...pod(undefined, unschedulable("0/1 nodes are available: 1 node(s) didn't match node selector")),
        spec: { containers: [], nodeSelector: { cpumanager: "true" } },
      },
    },
    /asks for dedicated CPUs, but no node.*: .*--cpu-manager-policy static/,
  ],
  ["scheduler not there", { vmi: pending, pod: pod(undefined) }, /waits for the scheduler/],
  [
    "image pull",
    {
      vmi: vmi("Scheduling", { type: "Synchronized", status: "False", reason: "ImagePullBackOff" }),
      pod: pod("n1", waiting("ImagePullBackOff", 'Back-off pulling image "quay.io/x:1"')),
    },
    /cannot be pulled \(ImagePullBackOff: Back-off pulling image "quay.io\/x:1"\)/,
  ],
  [
    "no node agent for machines",
    { vmi: vmi("Scheduling"), pod: pod("n1"), nodes: [node("True", {})] },
    /placed, but node n1 has no vmpod agent/,
  ],
  [
    "node agent died",
    { vmi: vmi("Scheduling"), pod: pod("n1"), nodes: [node("Unknown")] },
    /the agent on node n1 does not report/,
  ],
  [
    "node is not ready",
    { vmi: vmi("Scheduling"), pod: pod("n1"), nodes: [node("False")] },
    /placed, but node n1 is not ready/,
  ],
  [
    "image of a containerDisk",
    {
      vmi: {
        ...vmi("Scheduling"),
        spec: { ...template.spec, volumes: [{ name: "root", containerDisk: { image: "quay.io/x:1" } }] },
      },
      pod: pod("n1", waiting("ContainerCreating")),
      events: [warning("Failed", 'MountVolume.SetUp failed for volume "root": failed to pull image "quay.io/x:1"')],
    },
    /waits for an image that cannot be pulled/,
  ],
  [
    "missing secret",
    {
      vmi: vmi("Scheduling"),
      pod: pod("n1", waiting("ContainerCreating")),
      events: [warning("FailedMount", 'secret "cloud" not found')],
    },
    /waits for a volume \(secret "cloud" not found\)/,
  ],
  [
    "configuration refused",
    { vmi: vmi("Scheduling"), pod: pod("n1", waiting("CreateContainerConfigError", 'configmap "c" not found')) },
    /cannot be started \(CreateContainerConfigError: configmap "c" not found\)/,
  ],
  [
    "sandbox fails",
    {
      vmi: vmi("Scheduling"),
      pod: pod("n1", waiting("ContainerCreating")),
      events: [warning("FailedCreatePodSandBox", "no CNI")],
    },
    /cannot be started by the container runtime \(no CNI\)/,
  ],
  [
    "device fails",
    {
      vmi: vmi("Scheduled", {
        type: "Synchronized",
        status: "False",
        reason: "SyncFailed",
        message: "no disk in the image",
      }),
      pod: pod("n1", running),
    },
    /cannot be powered on \(no disk in the image\)/,
  ],
  [
    "coming up",
    { vmi: vmi("Scheduled"), pod: pod("n1", running) },
    /coming up on n1: its disks and network are being attached/,
  ],
  [
    "guest does not boot",
    {
      vmi: vmi("Running", {
        type: "GuestBootFailed",
        status: "True",
        reason: "NoBootableDevice",
        message: "no bootable device",
      }),
      pod: pod("n1", running),
    },
    /powered on but its guest did not boot \(NoBootableDevice: no bootable device\).*boot loader.*vmpod logs legacy/,
  ],
  [
    "QEMU exit",
    {
      vmi: vmi("Failed"),
      pod: pod("n1", terminated(1, "Error", "login: \nqemu-system-x86_64: could not open disk\n[ 1.2] words")),
    },
    /QEMU exited with status 1 \(qemu-system-x86_64: could not open disk\)/,
  ],
  [
    "its container disk was not copied",
    {
      vmi: vmi("Failed", {
        type: "Synchronized",
        status: "False",
        reason: "ContainerDiskCopyFailed",
        message: "volume root: image guest:1 was not copied: cp: No space left on device",
      }),
      pod: pod("n1", waiting("PodInitializing")),
    },
    /failed before it was powered on \(volume root: image guest:1 was not copied: cp: No space/,
  ],
  [
    "what serves a file system did not start",
    {
      vmi: vmi("Failed", {
        type: "Synchronized",
        status: "False",
        reason: "FilesystemLost",
        message: "filesystem a: x",
      }),
      pod: pod("n1", running),
    },
    /failed before it was powered on \(filesystem a: x\): correct the volume/,
  ],
  [
    "what serves a file system was killed",
    {
      vmi: vmi("Running", {
        type: "Synchronized",
        status: "False",
        reason: "FilesystemLost",
        message: "filesystem a: x",
      }),
      pod: pod("n1", running),
    },
    /is running, but has lost a file system \(filesystem a: x\): `vmpod restart/,
  ],
  [
    "its container disk is being copied",
    {
      vmi: vmi("Scheduling", {
        type: "Provisioning",
        status: "True",
        reason: "CopyingContainerDisk",
        message: "volume root: the disk is being copied out of image guest:1",
      }),
      pod: pod("n1", waiting("PodInitializing")),
    },
    /is coming up on n1 \(volume root: the disk is being copied out of image guest:1\): this takes as long as/,
  ],
  [
    "the image of a disk that is to be copied is not there",
    {
      vmi: vmi("Scheduling"),
      pod: pod("n1", {
        ...waiting("PodInitializing"),
        initContainerStatuses: [
          { name: "copy-disk-0", state: { waiting: { reason: "ErrImagePull", message: "no x:1" } } },
        ],
      } as Pod["status"]),
    },
    /no x:1/,
  ],
  ["out of memory", { vmi: vmi("Failed"), pod: pod("n1", terminated(137, "OOMKilled")) }, /exceeded its memory limit/],
  ["shut down inside", { vm: vm(), vmi: vmi("Succeeded") }, /shut down from inside the guest: start it again/],
  [
    "paused",
    { vmi: vmi("Running", { type: "Paused", status: "True", reason: "PausedByUser" }) },
    /is paused \(PausedByUser\): let it go on with `vmpod unpause vm legacy`/,
  ],
  [
    "paused by a full disk",
    { vmi: vmi("Running", { type: "Paused", status: "True", reason: "PausedIOError" }) },
    /no space left/,
  ],
  [
    "running, agent of the node gone",
    { vmi: vmi("Running", ready, agentConnected), nodes: [node("Unknown")] },
    /was running when last heard of/,
  ],
  [
    "running, agent of the node silent",
    {
      vmi: vmi("Running", ready, agentConnected),
      nodes: [
        node("True", {
          "vmpod.dev/agent-endpoint": "https://10.42.0.1:10260",
          "kubevirt.io/heartbeat": "2025-12-31T23:00:00Z",
        }),
      ],
    },
    /was running when last heard of, but the vmpod agent on node n1 gives no sign of life since 2025-12-31T23:00:00Z: the guest goes on/,
  ],
  [
    "waiting for the guest's agent",
    { vmi: vmi("Running", ready) },
    /running on n1 at 10.42.0.7; its guest agent has not connected: wait/,
  ],
  [
    "fine",
    { vmi: vmi("Running", ready, agentConnected) },
    /^legacy is running on n1 at 10.42.0.7; nothing is wrong\.$/,
  ],
  [
    "cannot be migrated",
    {
      vmi: vmi("Running", ready, agentConnected, {
        type: "LiveMigratable",
        status: "False",
        reason: "DisksNotLiveMigratable",
        message: "cannot migrate VMI: PVC data is not shared",
      }),
    },
    /nothing is wrong; it cannot be migrated \(cannot migrate VMI: PVC data is not shared\)/,
  ],
  [
    "moving",
    { vmi: moving({ startTimestamp: "2026-01-01T00:00:00Z", targetNode: "n2" }) },
    /is running on n1 at 10.42.0.7 and moves to n2: `kubectl get vmim` shows how far, `vmpod migrate-cancel legacy`/,
  ],
  [
    "its migration failed",
    { vm: vm(), vmi: moving({ startTimestamp: "x", completed: true, failed: true, failureReason: "no room" }) },
    /its last migration failed \(no room\): try again with `vmpod migrate legacy`/,
  ],
  [
    "its readiness probe fails",
    {
      vmi: {
        ...vmi("Running", { type: "Ready", status: "False" }, agentConnected),
        spec: { ...template.spec, readinessProbe: { guestAgentPing: {} } },
      },
      events: [warning("Unhealthy", "Readiness probe failed: the guest agent does not answer within 1 s")],
    },
    /is running on n1 at 10.42.0.7, but its readinessProbe does not succeed \(Readiness probe failed: the guest agent/,
  ],
  [
    "its guest refuses a password",
    {
      vmi: vmi("Running", ready, agentConnected, {
        type: "AccessCredentialsSynchronized",
        status: "False",
        message: "no such user",
      }),
    },
    /its guest did not take the accessCredentials \(no such user\)/,
  ],
  [
    "running, the node's agent gone for a second",
    { vmi: vmi("Running", ready, agentConnected), agentSilence: "ECONNREFUSED" },
    /was running when last heard of, but the vmpod agent of node n1 does not answer \(ECONNREFUSED\): the guest goes on/,
  ],
  [
    "a claim that is not bound",
    {
      vmi: vmi("Scheduling"),
      pod: pod(undefined, unschedulable("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims")),
      claims: [claim("data", "Pending")],
      events: [{ ...warning("ProvisioningFailed", 'storageclass "fast" not found'), involvedObject: { uid: "data" } }],
    },
    /waits for storage: PersistentVolumeClaim data is not bound \(storageclass "fast" not found\): see whether/,
  ],
  [
    "a claim that has lost its volume",
    { vmi: vmi("Scheduling"), pod: pod(undefined, unschedulable("lost")), claims: [claim("data", "Lost")] },
    /PersistentVolumeClaim data has lost its volume \(lost\)/,
  ],
  [
    "a deletion that hangs on somebody else's finalizer",
    { vm: deletedVm(["kubevirt.io/virtualMachineControllerFinalize", "example.org/backup"]) },
    /it hangs for 3600 s until whoever put example.org\/backup there removes it/,
  ],
  [
    "a deletion that hangs because the controller is away",
    { vm: deletedVm(["kubevirt.io/virtualMachineControllerFinalize"]) },
    /it hangs for 3600 s: see whether the controller runs/,
  ],
  [
    "a deletion that hangs because the node is gone",
    { vm: deletedVm(["kubevirt.io/virtualMachineControllerFinalize"]), vmi: vmi("Running"), pod: pod("n1"), nodes: [] },
    /it hangs for 3600 s because its pod virt-launcher-legacy-abcde cannot end: its node n1 does not exist any more/,
  ],
  [
    "paused by its watchdog",
    { vmi: vmi("Running", { type: "Paused", status: "True", reason: "PausedByWatchdog" }) },
    /is paused \(PausedByWatchdog\): its watchdog was not served/,
  ],
  [
    "started paused",
    {
      vmi: {
        ...vmi("Running", { type: "Paused", status: "True", reason: "PausedByUser" }),
        spec: { ...template.spec, startStrategy: "Paused" },
      },
    },
    /is paused \(PausedByUser: spec.startStrategy is Paused, or its user paused it\): let it go on/,
  ],
  [
    "changed since its start",
    {
      vm: vm({}, { conditions: [{ type: "RestartRequired", status: "True" }] }),
      vmi: vmi("Running", ready, agentConnected),
    },
    /running on n1 at 10.42.0.7, as it was before its template changed: apply the change with `vmpod restart legacy`/,
  ],
  [
    "changed since its start, and why that needs a restart",
    {
      vm: vm({}, { conditions: [{ type: "RestartRequired", status: "True", message: "spec.template.spec.hostname" }] }),
      vmi: vmi("Running", ready, agentConnected),
    },
    /before its template changed \(spec\.template\.spec\.hostname\): apply/,
  ],
  [
    "growing",
    {
      vmi: vmi("Running", ready, agentConnected, { type: "HotMemoryChange", status: "True", message: "no memory" }),
    },
    /is to get more memory \(no memory\): wait/,
  ],
  [
    "shutting down",
    {
      vmi: { ...vmi("Running", ready), metadata: { name: "legacy", deletionTimestamp: "2026-01-01T00:00:00Z" } },
      vm: vm({ runStrategy: "Halted" }),
    },
    /shutting down: the guest gets 30 s/,
  ],
];

for (const [name, situation, expected] of cases) {
  test(name, () => {
    const whole: Situation = {
      namespace: "default",
      name: "legacy",
      vm: undefined,
      vmi: undefined,
      pod: undefined,
      claims: [],
      agentSilence: undefined,
      events: [],
      nodes: [node()],
      nodePods: [],
      now: new Date("2026-01-01T00:00:00Z"),
      ...situation,
    };
    assert.match(sentence("legacy", explainMachine(whole)), expected);
  });
}

test("commands to type name the namespace when it is not the default one", () => {
  const situation = {
    namespace: "lab",
    name: "legacy",
    vm: vm({ runStrategy: "Halted" }),
    claims: [],
    agentSilence: undefined,
    events: [],
    nodes: [],
    nodePods: [],
    now: new Date(),
  };
  const { todo } = explainMachine({ vmi: undefined, pod: undefined, ...situation });
  assert.equal(todo, "start it with `vmpod start legacy -n lab`");
});
