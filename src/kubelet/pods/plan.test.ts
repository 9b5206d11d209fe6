import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "../../../api/core.ts";
import { resourcesText } from "../config/resources-text.ts";
import { actionKey } from "./actions.ts";
import { aContainer, aPod, aSandbox, mainContainer, nowMs, observed } from "./fixture.ts";
import type { Observation } from "./observation.ts";
import { overcommitment } from "./overcommitment.ts";
import { plan } from "./plan.ts";
import { podStatus } from "./status.ts";

const sandbox = aSandbox();
const exited = (extra = {}) => aContainer({ phase: "exited", ...extra });
const deleted = { deletionTimestamp: "2026-01-01T12:00:20Z", deletionGracePeriodSeconds: 30 };
const failed = { phase: "Failed" as const };
const annotated = { annotations: { "k8s.v1.cni.cncf.io/networks": "lan" } };
const init: Container = { ...mainContainer, name: "init" };
const sidecar: Container = { ...mainContainer, name: "side", restartPolicy: "Always" };
const failing = (key: string) => new Map([[key, { reason: "X", message: "x", count: 1, retryAtMs: nowMs + 5000 }]]);

const cases: [string, Observation, string[]][] = [
  ["a new pod: volumes first", observed(aPod(), [], [], { volumesReady: false }), ["set-up-volumes"]],
  [
    "volumes that fail are not tried at once",
    observed(aPod(), [], [], { volumesReady: false, failures: failing("set-up-volumes") }),
    [],
  ],
  ["then the sandbox", observed(aPod()), ["run-sandbox"]],
  ["then the container", observed(aPod(), [sandbox]), ["start-container/main"]],
  ["running: nothing to do", observed(aPod(), [sandbox], [aContainer()]), []],
  [
    "networks that its annotation names by now are attached",
    observed(aPod({}, {}, annotated), [sandbox], [aContainer()]),
    ["attach-networks"],
  ],
  ["which were, are not", observed(aPod({}, {}, annotated), [sandbox], [aContainer()], { networks: "lan" }), []],
  [
    "that it no longer names are detached",
    observed(aPod(), [sandbox], [aContainer()], { networks: "lan" }),
    ["attach-networks"],
  ],
  [
    "and whoever is new here looks",
    observed(aPod(), [sandbox], [aContainer()], { networks: undefined }),
    ["attach-networks"],
  ],
  [
    "those that could not be attached wait",
    observed(aPod({}, {}, annotated), [sandbox], [aContainer()], { failures: failing("attach-networks") }),
    [],
  ],
  [
    "a start under way is not doubled",
    observed(aPod(), [sandbox], [], { inFlight: new Set(["start-container/main"]) }),
    [],
  ],
  ["a start that failed waits", observed(aPod(), [sandbox], [], { failures: failing("start-container/main") }), []],
  [
    "a container that was created but never started is removed",
    observed(aPod(), [sandbox], [aContainer({ phase: "created" })]),
    ["remove-container/main-0"],
  ],
  ["the first restart is at once", observed(aPod(), [sandbox], [exited()]), ["start-container/main"]],
  ["the second waits", observed(aPod(), [sandbox], [exited({ attempt: 1, backoffLevel: 1 })]), []],
  [
    "a long run is forgiven",
    observed(aPod(), [sandbox], [exited({ attempt: 5, backoffLevel: 5, startedAtMs: nowMs - 700_000 })]),
    ["start-container/main"],
  ],
  [
    "OnFailure: success ends the pod",
    observed(aPod({ restartPolicy: "OnFailure" }), [sandbox], [exited()]),
    ["stop-sandbox/s0"],
  ],
  [
    "OnFailure: failure restarts",
    observed(aPod({ restartPolicy: "OnFailure" }), [sandbox], [exited({ exitCode: 1 })]),
    ["start-container/main"],
  ],
  [
    "Never: failure ends the pod",
    observed(aPod({ restartPolicy: "Never" }), [sandbox], [exited({ exitCode: 1 })]),
    ["stop-sandbox/s0"],
  ],
  [
    "unhealthy: stopped",
    observed(aPod(), [sandbox], [aContainer()], {
      probes: new Map([["main-0", { started: true, ready: false, unhealthy: "no" }]]),
    }),
    ["stop-container/main-0"],
  ],
  [
    "another image: stopped",
    observed(aPod(), [sandbox], [aContainer({ specHash: "other" })]),
    ["stop-container/main-0"],
  ],
  ["init containers come first", observed(aPod({ initContainers: [init] }), [sandbox]), ["start-container/init"]],
  [
    "main after init",
    observed(aPod({ initContainers: [init] }), [sandbox], [exited({ name: "init" })]),
    ["start-container/main"],
  ],
  [
    "a failed init container is tried again",
    observed(aPod({ initContainers: [init] }), [sandbox], [exited({ name: "init", exitCode: 1 })]),
    ["start-container/init"],
  ],
  [
    "unless nothing is restarted",
    observed(
      aPod({ initContainers: [init], restartPolicy: "Never" }),
      [sandbox],
      [exited({ name: "init", exitCode: 1 })],
    ),
    ["stop-sandbox/s0"],
  ],
  [
    "main beside a sidecar",
    observed(aPod({ initContainers: [sidecar] }), [sandbox], [aContainer({ name: "side" })]),
    ["start-container/main"],
  ],
  [
    "a sidecar that ended comes back",
    observed(aPod({ initContainers: [sidecar] }), [sandbox], [aContainer(), exited({ name: "side" })]),
    ["start-container/side"],
  ],
  [
    "sidecars end last",
    observed(aPod({ initContainers: [sidecar] }, {}, deleted), [sandbox], [aContainer(), aContainer({ name: "side" })]),
    ["stop-container/main-0"],
  ],
  [
    "the sandbox died: its containers end",
    observed(aPod(), [aSandbox({ ready: false })], [aContainer()]),
    ["stop-container/main-0"],
  ],
  [
    "then it is replaced",
    observed(aPod(), [aSandbox({ ready: false })], [exited()]),
    ["stop-sandbox/s0", "run-sandbox"],
  ],
  [
    "which waits when it fails",
    observed(aPod(), [aSandbox({ ready: false })], [exited()], { failures: failing("run-sandbox") }),
    [],
  ],
  [
    "of two sandboxes the newer stays",
    observed(aPod(), [aSandbox({ id: "s1", attempt: 1 }), sandbox], []),
    ["stop-sandbox/s0"],
  ],
  ["deleted: containers end", observed(aPod({}, {}, deleted), [sandbox], [aContainer()]), ["stop-container/main-0"]],
  [
    "a start under way is waited for",
    observed(aPod({}, {}, deleted), [sandbox], [], { inFlight: new Set(["start-container/main"]) }),
    [],
  ],
  ["then the sandbox ends", observed(aPod({}, {}, deleted), [sandbox], [exited()]), ["stop-sandbox/s0"]],
  ["then all is torn down", observed(aPod({}, {}, deleted), [aSandbox({ ready: false })], [exited()]), ["tear-down"]],
  ["the object waits for the report of its end", observed(aPod({}, {}, deleted), [], [], { cleanedUp: true }), []],
  [
    "then the records go",
    observed(aPod({}, failed, deleted), [aSandbox({ ready: false })], [exited()], { cleanedUp: true }),
    ["remove-container/main-0", "remove-sandbox/s0"],
  ],
  ["and at last the object", observed(aPod({}, failed, deleted), [], [], { cleanedUp: true }), ["delete-pod"]],
  [
    "finished, not deleted: records stay for the logs",
    observed(aPod({}, failed), [aSandbox({ ready: false })], [exited()], { cleanedUp: true }),
    [],
  ],
  ["gone from the API: everything goes", observed(undefined, [sandbox], [aContainer()]), ["stop-container/main-0"]],
  [
    "gone, last step",
    observed(undefined, [aSandbox({ ready: false })], [exited()], { cleanedUp: true }),
    ["remove-container/main-0", "remove-sandbox/s0"],
  ],
  [
    "the deadline is over",
    observed(aPod({ activeDeadlineSeconds: 10 }, { startTime: "2026-01-01T11:59:00Z" }), [sandbox], [aContainer()]),
    ["stop-container/main-0"],
  ],
  [
    "of dead containers two stay",
    observed(aPod(), [sandbox], [aContainer({ attempt: 2 }), exited({ attempt: 1 }), exited()]),
    ["remove-container/main-0"],
  ],
];

for (const [name, observation, expected] of cases) {
  test(name, () => assert.deepEqual(plan(observation).actions.map(actionKey), expected));
}

test("what runs never twice does not, though the runtime lost its records", () => {
  const status = {
    phase: "Running" as const,
    containerStatuses: [
      {
        name: "main",
        image: "i",
        imageID: "",
        ready: true,
        restartCount: 0,
        containerID: "containerd://x",
        state: { running: {} },
      },
    ],
  };
  assert.deepEqual(plan(observed(aPod({ restartPolicy: "Never" }, status))).actions, [{ type: "tear-down" }]);
  const [action] = plan(observed(aPod({}, status), [sandbox])).actions;
  assert.equal(action?.type === "start-container" && action.attempt, 1);
});

test("a deleted pod's grace period is what is left of it", () => {
  const [action] = plan(observed(aPod({}, {}, deleted), [sandbox], [aContainer()])).actions;
  assert.equal(action?.type === "stop-container" && action.graceSeconds, 20);
});

test("a plan that waits says until when", () => {
  const waiting = observed(aPod(), [sandbox], [exited({ attempt: 1, backoffLevel: 1 })]);
  assert.equal(plan(waiting).wakeAtMs, nowMs - 1000 + 10_000);
  const timed = aPod({ activeDeadlineSeconds: 90 }, { startTime: "2026-01-01T11:59:00Z" });
  assert.equal(plan(observed(timed, [sandbox], [aContainer()])).wakeAtMs, nowMs + 30_000);
});

test("a running container is given what its pod asks for by now, once", () => {
  const asking = { ...mainContainer, resources: { requests: { memory: "2Gi", "example.org/gpu": "1" } } };
  const pod = aPod({ containers: [asking] }, { phase: "Running" });
  const given = (memory: Partial<Observation["memory"]>, container = aContainer()) =>
    plan(observed(pod, [aSandbox()], [container], memory)).actions;
  const resize = { type: "resize-container", containerId: "main-0", container: "main" };
  assert.deepEqual(given({}), [resize]);
  assert.deepEqual(given({}, aContainer({ resources: "" })), [resize], "one of before says nothing");
  assert.deepEqual(given({}, aContainer({ resources: resourcesText(asking) })), []);
  assert.deepEqual(given({ resized: new Map([["main-0", resourcesText(asking)]]) }), []);
  const failure = { reason: "Deferred", message: "no memory", count: 1, retryAtMs: nowMs + 1000 };
  const failures = new Map([["resize-container/main-0", failure]]);
  assert.deepEqual(given({ failures }), [], "not again at once");
  const { conditions, containerStatuses } = podStatus(observed(pod, [aSandbox()], [aContainer()], { failures }), pod, {
    nodeIp: "192.0.2.1",
  });
  const pending = conditions?.find(({ type }) => type === "PodResizePending");
  assert.deepEqual([pending?.reason, pending?.message], ["Deferred", "no memory"]);
  assert.deepEqual(containerStatuses?.[0]?.resources, {}, "what it has, not what it is to have");
});

test("a node that has not enough says what is lacking", () => {
  const machine = { memoryBytes: 4 * 1024 ** 3, cpus: 2 };
  const asking = (memory: string, cpu: string, phase: "Running" | "Succeeded" = "Running") =>
    aPod({ containers: [{ ...mainContainer, resources: { requests: { memory, cpu } } }] }, { phase });
  assert.equal(overcommitment([asking("2Gi", "1"), asking("1Gi", "1")], machine), undefined);
  assert.equal(overcommitment([asking("2Gi", "1"), asking("9Gi", "9", "Succeeded")], machine), undefined);
  assert.match(overcommitment([asking("2Gi", "1"), asking("2Gi", "2")], machine) ?? "", /: memory, cpu$/);
});
