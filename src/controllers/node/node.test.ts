import assert from "node:assert/strict";
import { test } from "node:test";
import { type Node, nodes } from "../../../api/core.ts";
import { reconcileOnce } from "../../runtime/run-reconciler.ts";
import { createWorld } from "../world.ts";
import { createNodeReconciler, plan } from "./controller.ts";

const nowMs = Date.parse("2026-01-02T03:10:00Z");

function node(schedulable: string | undefined, heartbeat: string | undefined, ready = "True"): Node {
  return {
    status: { conditions: [{ type: "Ready", status: ready, lastHeartbeatTime: "2026-01-02T03:09:00Z" }] },
    metadata: {
      name: "n1",
      labels: { ...(schedulable && { "kubevirt.io/schedulable": schedulable }) },
      annotations: { ...(heartbeat && { "kubevirt.io/heartbeat": heartbeat }) },
    },
  };
}

const mark = { type: "markUnschedulable", name: "n1" };
const tell = (silent: boolean) => ({ type: "tell", name: "n1", silent });

const table: [what: string, node: Node, toldSilent: boolean, expected: object[]][] = [
  ["alive", node("true", "2026-01-02T03:09:10Z"), false, []],
  ["just not silent yet", node("true", "2026-01-02T03:05:01Z"), false, []],
  ["silent", node("true", "2026-01-02T03:05:00Z"), false, [mark, tell(true)]],
  ["silent, and it was told", node("false", "2026-01-02T03:01:00Z"), true, []],
  ["somebody put the label back", node("true", "2026-01-02T03:01:00Z"), true, [mark]],
  ["ended in order, and long ago", node("false", "2026-01-02T03:01:00Z"), false, [tell(true)]],
  ["back again", node("true", "2026-01-02T03:09:59Z"), true, [tell(false)]],
  ["not heard of as a node", node("true", "2026-01-02T03:09:10Z", "Unknown"), false, [tell(true)]],
  ["never had an agent", node(undefined, undefined), false, []],
];

for (const [what, node, toldSilent, expected] of table) {
  test(`a node's agent: ${what}`, () => assert.deepEqual(plan({ node, nowMs, toldSilent }), expected));
}

test("it is told once, and again when it changes", async () => {
  const world = createWorld();
  const told: string[] = [];
  const { signal } = new AbortController();
  const reconciler = createNodeReconciler({
    client: world.client,
    nodes: world.informer(nodes),
    onSilence: (name) => told.push(name),
    signal,
  });
  const look = async (heartbeatMs: number, schedulable: string): Promise<number | undefined> => {
    world.put(nodes, node(schedulable, new Date(heartbeatMs).toISOString()));
    world.catchUp("nodes");
    return reconcileOnce(reconciler, "n1", signal);
  };
  const longAgo = Date.now() - 3_600_000;
  await look(longAgo, "true");
  assert.equal(world.list(nodes)[0]?.metadata?.labels?.["kubevirt.io/schedulable"], "false");
  await look(longAgo, "false");
  assert.deepEqual(told, ["n1"]);
  const againMs = await look(Date.now() - 60_000, "true");
  assert.deepEqual(told, ["n1", "n1"]);
  assert.ok(againMs !== undefined && againMs > 200_000 && againMs <= 240_000, String(againMs));
});
