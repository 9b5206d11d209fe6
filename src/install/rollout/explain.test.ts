import assert from "node:assert/strict";
import { test } from "node:test";
import type { DaemonSet, Deployment } from "../../../api/apps.ts";
import type { Event, Pod } from "../../../api/core.ts";
import { podReason, whyWaiting } from "./explain.ts";

const deployment: Deployment = {
  kind: "Deployment",
  metadata: { name: "vmpod-controller", generation: 1 },
  spec: { replicas: 2, selector: {}, template: {} },
  status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 1 },
};

function pod(status: Pod["status"], nodeName = "n1"): Pod {
  const containers = [{ name: "vmpod", image: "r.example.org/vmpod:v1" }];
  return { metadata: { name: "p", uid: "u1" }, spec: { nodeName, containers }, status };
}

function waitingFor(reason: string, message?: string): Pod {
  return pod({ containerStatuses: [{ ...container, state: { waiting: { reason, ...(message && { message }) } } }] });
}

const container = { name: "vmpod", image: "", imageID: "", ready: false, restartCount: 0 };
const running = { containerStatuses: [{ ...container, state: { running: {} } }] };

function warning(reason: string, message: string, name = "p", uid = "u1"): Event {
  return { type: "Warning", reason, message, involvedObject: { name, uid }, metadata: {} };
}

const unscheduled = {
  conditions: [
    {
      type: "PodScheduled",
      status: "False" as const,
      reason: "Unschedulable",
      message: "0/2 nodes: 2 Insufficient cpu.",
    },
  ],
};
const ended = { terminated: { exitCode: 1, message: "some log\nerror: no such flag\n" } };
const restarting = {
  containerStatuses: [
    { ...container, restartCount: 4, lastState: ended, state: { waiting: { reason: "CrashLoopBackOff" } } },
  ],
};

const cases: [name: string, pod: Pod, events: Event[], expected: string | undefined][] = [
  ["ready", pod({ conditions: [{ type: "Ready", status: "True" }] }), [], undefined],
  ["no word yet", pod({}), [], undefined],
  ["unschedulable", pod(unscheduled, ""), [], "p fits on no node: 0/2 nodes: 2 Insufficient cpu."],
  [
    "image",
    waitingFor("ErrImagePull", "not found"),
    [],
    "p on n1 cannot pull the image r.example.org/vmpod:v1: not found",
  ],
  [
    "image, between two attempts",
    waitingFor("ImagePullBackOff", "Back-off pulling image"),
    [warning("Failed", 'Failed to pull image "r": no such host'), warning("Failed", "Error: ErrImagePull")],
    "p on n1 cannot pull the image r.example.org/vmpod:v1: no such host",
  ],
  [
    "image that may not be pulled",
    waitingFor("ErrImageNeverPull"),
    [],
    "p on n1 wants the image r.example.org/vmpod:v1, which is not on the node and may not be pulled",
  ],
  ["being created", waitingFor("ContainerCreating"), [], undefined],
  [
    "certificate",
    waitingFor("ContainerCreating"),
    [warning("FailedMount", 'MountVolume.SetUp failed for volume "tls" : secret "vmpod-agent-tls" not found')],
    "p on n1 waits for the Secret vmpod-agent-tls, which the controller makes",
  ],
  [
    "sandbox",
    waitingFor("ContainerCreating"),
    [warning("FailedCreatePodSandBox", "no CNI")],
    "p on n1 cannot start yet: no CNI",
  ],
  ["another pod's event", waitingFor("ContainerCreating"), [warning("FailedMount", "x", "q", "u2")], undefined],
  [
    "crashing",
    pod(restarting),
    [],
    "p on n1 has ended 4 times, last with exit code 1: error: no such flag (see `kubectl logs --previous`)",
  ],
  [
    "not answering",
    pod(running),
    [warning("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")],
    "p on n1 runs, but is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503",
  ],
  ["a mount that failed before it ran", pod(running), [warning("FailedMount", "x")], undefined],
];

for (const [name, subject, events, expected] of cases) {
  test(`a pod's reason: ${name}`, () => {
    assert.equal(podReason(subject, events), expected);
  });
}

test("a workload that is there waits for nothing", () => {
  const status = { ...deployment.status, availableReplicas: 2 };
  assert.equal(
    whyWaiting({ workload: { ...deployment, status }, pods: [waitingFor("ErrImagePull")], events: [] }),
    undefined,
  );
});

test("what is lacking comes first, then a pod's reason; ending pods have no say", () => {
  const view = { workload: deployment, pods: [waitingFor("ErrImageNeverPull")], events: [] };
  assert.match(whyWaiting(view) ?? "", /^Deployment vmpod-controller: 1 of 2 pods are available; p on n1 wants/);
  const ending = { ...waitingFor("ErrImagePull"), metadata: { name: "p", deletionTimestamp: "2026-01-01T00:00:00Z" } };
  assert.equal(whyWaiting({ ...view, pods: [ending] }), "Deployment vmpod-controller: 1 of 2 pods are available");
});

test("pods that cannot even be created", () => {
  const agent: DaemonSet = {
    kind: "DaemonSet",
    metadata: { name: "vmpod-agent", generation: 1 },
    status: {
      observedGeneration: 1,
      desiredNumberScheduled: 2,
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
    },
  };
  const events = [warning("FailedCreate", "violates PodSecurity", "vmpod-agent")];
  assert.equal(
    whyWaiting({ workload: agent, pods: [], events }),
    "DaemonSet vmpod-agent: 0 of 2 pods are up to date; its pods are refused: violates PodSecurity",
  );
});
