import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleVmi } from "../../../api/kubevirt/sample.ts";
import { podIn } from "../virtualmachineinstance/sample.ts";
import { roomFor } from "../virtualmachineinstance/room.ts";
import { type Growth, planMove } from "./growth.ts";

const nowMs = Date.parse("2026-01-01T00:00:00Z");
const movable = [{ type: "LiveMigratable", status: "True" as const }];

/** Its launcher was made for one socket; it asks for two. */
function growing(change: Partial<Growth> & { status?: object } = {}): Growth {
  const { status, ...rest } = change;
  const vmi = sampleVmi((each) => void (each.status = { phase: "Running", conditions: movable, ...status }));
  const pod = podIn("Running");
  const annotations = roomFor(vmi.spec);
  vmi.spec.domain.cpu = { ...vmi.spec.domain.cpu, sockets: 2 };
  return { vmi, pods: [{ ...pod, metadata: { ...pod.metadata, annotations } }], migrations: [], nowMs, ...rest };
}

function failed(secondsAgo: number, annotations: Record<string, string>) {
  const endTimestamp = new Date(nowMs - secondsAgo * 1000).toISOString();
  return { metadata: { annotations }, spec: {}, status: { phase: "Failed", migrationState: { endTimestamp } } };
}

test("an instance whose launcher is too small moves to a larger one", () => {
  const wanted = roomFor(growing().vmi.spec);
  const table: [what: string, Growth, number][] = [
    ["too small", growing(), 1],
    [
      "large enough",
      { ...growing(), vmi: sampleVmi((vmi) => void (vmi.status = { phase: "Running", conditions: movable })) },
      0,
    ],
    ["it cannot move", growing({ status: { conditions: [] } }), 0],
    ["it does not run yet", growing({ status: { phase: "Scheduled" } }), 0],
    ["it is on its way", growing({ migrations: [{ spec: {}, status: { phase: "Running" } }] }), 0],
    ["just failed", growing({ migrations: [failed(5, wanted)] }), 0],
    ["failed a while ago", growing({ migrations: [failed(25, wanted)] }), 1],
    ["failed twice", growing({ migrations: [failed(25, wanted), failed(60, wanted)] }), 0],
    [
      "failed at another size",
      growing({ migrations: [failed(5, { ...wanted, "vmpod.dev/room-for-sockets": "9" })] }),
      1,
    ],
  ];
  for (const [what, growth, moves] of table) assert.equal(planMove(growth).length, moves, what);
  assert.deepEqual(planMove(growing()), [wanted]);
});
