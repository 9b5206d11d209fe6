import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod } from "../../../api/core.ts";
import { decide } from "./decide.ts";
import type { NodeState } from "./fit.ts";

const node = (name: string, changes: Partial<Node> = {}): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels: { "kubernetes.io/hostname": name } },
  status: {
    allocatable: { cpu: "2", memory: "4Gi", pods: "110", "devices.kubevirt.io/tun": "10" },
    conditions: [{ type: "Ready", status: "True" }],
  },
  ...changes,
});

const pod = (requests: Record<string, string> = {}, spec: Partial<Pod["spec"]> = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p" },
  spec: { containers: [{ name: "c", image: "i", resources: { requests } }], ...spec },
});

const empty = (each: Node): NodeState => ({ node: each, pods: [] });

test("a pod goes to the emptier node", () => {
  const busy = { node: node("a"), pods: [pod({ cpu: "1" })] };
  assert.deepEqual(decide(pod({ cpu: "500m" }), [busy, empty(node("b"))]), { node: "b" });
});

test("a request above what is free is refused with the resource's name", () => {
  const full = { node: node("a"), pods: [pod({ memory: "3Gi" })] };
  assert.deepEqual(decide(pod({ memory: "2Gi" }), [full]), {
    unschedulable: "0/1 nodes are available: 1 Insufficient memory.",
  });
});

test("a device that no node offers is insufficient", () => {
  assert.deepEqual(decide(pod({ "devices.kubevirt.io/kvm": "1" }), [empty(node("a"))]), {
    unschedulable: "0/1 nodes are available: 1 Insufficient devices.kubevirt.io/kvm.",
  });
});

const refusals: [name: string, pod: Pod, node: Node, message: string][] = [
  [
    "not ready",
    pod(),
    node("a", { status: { conditions: [{ type: "Ready", status: "False" }] } }),
    "node(s) were not ready",
  ],
  ["cordoned", pod(), node("a", { spec: { unschedulable: true } }), "node(s) were unschedulable"],
  [
    "selector",
    pod({}, { nodeSelector: { disk: "ssd" } }),
    node("a"),
    "node(s) didn't match Pod's node affinity/selector",
  ],
  [
    "taint",
    pod(),
    node("a", { spec: { taints: [{ key: "gpu", value: "x", effect: "NoSchedule" }] } }),
    "node(s) had untolerated taint {gpu: x}",
  ],
];

for (const [name, wanted, target, message] of refusals)
  test(`refused: ${name}`, () => {
    const decision = decide(wanted, [empty(target)]);
    assert.ok("unschedulable" in decision && decision.unschedulable.includes(message), JSON.stringify(decision));
  });

test("a toleration opens a tainted node", () => {
  const tainted = node("a", { spec: { taints: [{ key: "gpu", value: "x", effect: "NoSchedule" }] } });
  const tolerant = pod({}, { tolerations: [{ key: "gpu", operator: "Exists" }] });
  assert.deepEqual(decide(tolerant, [empty(tainted)]), { node: "a" });
});

test("no node at all has its own message", () => {
  assert.deepEqual(decide(pod(), []), { unschedulable: "no nodes available to schedule pods" });
});
