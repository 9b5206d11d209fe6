import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod, Taint } from "../../../api/core.ts";
import { type NodeObservation, nextLookMs, planNode } from "./plan.ts";

const nowMs = Date.parse("2026-01-01T12:00:00Z");
const secondsAgo = (seconds: number) => new Date(nowMs - seconds * 1000).toISOString();

const node = (ready: "True" | "False" | "Unknown", taints: Taint[] = []): Node => ({
  metadata: { name: "one" },
  spec: { taints },
  status: {
    conditions: [
      { type: "Ready", status: ready },
      { type: "NetworkUnavailable", status: "False" },
    ],
  },
});
const pod = (name: string, spec: Partial<Pod["spec"]> = {}, ready = false): Pod => ({
  metadata: { name },
  spec: { containers: [], ...spec },
  status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
});
const taint = (key: string, effect: Taint["effect"], seconds = 0): Taint => ({
  key: `node.kubernetes.io/${key}`,
  effect,
  timeAdded: secondsAgo(seconds),
});
const unreachable = (seconds: number) => [
  taint("unreachable", "NoSchedule", seconds),
  taint("unreachable", "NoExecute", seconds),
];
const tolerating = (tolerationSeconds?: number): Partial<Pod["spec"]> => ({
  tolerations: [
    {
      key: "node.kubernetes.io/unreachable",
      operator: "Exists",
      ...(tolerationSeconds !== undefined && { tolerationSeconds }),
    },
  ],
});

interface World extends Partial<NodeObservation> {
  silentSeconds?: number;
}
const observe = ({ silentSeconds = 5, ...more }: World): NodeObservation => ({
  node: node("True"),
  pods: [],
  heardMs: nowMs - silentSeconds * 1000,
  othersLive: true,
  nowMs,
  ...more,
});
const planned = (world: World) =>
  planNode(observe(world)).map((action) => {
    if (action.kind === "taint")
      return `taints ${action.taints.map(({ key, effect }) => `${key.split("/")[1]}:${effect}`).join()}`;
    return action.kind === "mark-unknown" ? action.kind : `${action.kind} ${action.pod.metadata?.name}`;
  });

const stranger: Taint = { key: "x/gpu", effect: "NoSchedule" };
const leaving: Pod = { ...pod("a"), metadata: { name: "a", deletionTimestamp: secondsAgo(1) } };
const cases: [name: string, world: World, expected: string[]][] = [
  ["a node that is heard of is left alone", { pods: [pod("a", {}, true)] }, []],
  ["39 seconds of silence are not many", { silentSeconds: 39 }, []],
  [
    "a silent node is unknown, keeps new pods away, and its pods are not ready",
    { silentSeconds: 41, pods: [pod("a", {}, true), pod("b")] },
    ["mark-unknown", "taints unreachable:NoSchedule,unreachable:NoExecute", "mark-unready a"],
  ],
  ["told once", { silentSeconds: 60, node: node("Unknown", unreachable(10)), pods: [pod("a")] }, []],
  [
    "cut off from all nodes, nothing is tainted to go",
    { silentSeconds: 60, node: node("Unknown"), othersLive: false },
    ["taints unreachable:NoSchedule"],
  ],
  [
    "cut off from all nodes, nothing is evicted",
    { silentSeconds: 999, node: node("Unknown", unreachable(900)), othersLive: false, pods: [pod("a")] },
    ["taints unreachable:NoSchedule"],
  ],
  [
    "heard of again: the taints go, others' stay",
    { node: node("True", [...unreachable(60), stranger]) },
    ["taints gpu:NoSchedule"],
  ],
  [
    "a node that says it is not ready is tainted so",
    { node: node("False"), pods: [pod("a", {}, true)] },
    ["taints not-ready:NoSchedule,not-ready:NoExecute"],
  ],
  [
    "pods go after five minutes",
    { silentSeconds: 400, node: node("Unknown", unreachable(300)), pods: [pod("a"), pod("b", tolerating(301))] },
    ["evict a"],
  ],
  [
    "or after their own time, or never",
    {
      silentSeconds: 60,
      node: node("Unknown", unreachable(10)),
      pods: [pod("a", tolerating(10)), pod("b", tolerating())],
    },
    ["evict a"],
  ],
  ["once", { silentSeconds: 400, node: node("Unknown", unreachable(360)), pods: [leaving] }, []],
  [
    "an administrator's taint evicts who does not bear it",
    { node: node("True", [{ key: "x/drain", effect: "NoExecute" }]), pods: [pod("a")] },
    ["evict a"],
  ],
];
for (const [name, world, expected] of cases) test(name, () => assert.deepEqual(planned(world), expected));

test("it looks again when the grace period or a toleration ends", () => {
  assert.equal(nextLookMs(observe({ silentSeconds: 5 })), 36_000);
  const waiting = observe({
    silentSeconds: 60,
    node: node("Unknown", unreachable(10)),
    pods: [pod("a", tolerating(12))],
  });
  assert.equal(nextLookMs(waiting), 2_001);
});
