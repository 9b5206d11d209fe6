import assert from "node:assert/strict";
import { test } from "node:test";
import { annotations } from "../../../api/kubevirt/names.ts";
import { decideStatus } from "../status/status.ts";
import type { ObservedCapacity } from "../../qemu/capacity/capacity.ts";
import { someMachine, someObservation, someVmi } from "./observation.fixture.ts";
import type { Observation } from "./observation.ts";
import { plan } from "./plan.ts";

const mebibyte = 1024 ** 2;

function capacity(sockets: number, pluggedMebibytes: number, requestedMebibytes = pluggedMebibytes): ObservedCapacity {
  const processors = [0, 1, 2, 3].map((socket) => ({
    type: "cpu",
    "vcpus-count": 1,
    props: { "socket-id": socket },
    ...(socket < sockets && { "qom-path": socket === 0 ? "/machine/unattached/cpu" : `/machine/peripheral/${socket}` }),
  }));
  const hotMemory = {
    address: 0x1_0000_0000,
    pluggedBytes: pluggedMebibytes * mebibyte,
    requestedBytes: requestedMebibytes * mebibyte,
    maxBytes: 384 * mebibyte,
  };
  return { processors, hotMemory };
}

interface Situation {
  /** What the instance asks for. */
  asked: [sockets: number, guest: string];
  /** What its launcher has resources for. */
  room?: [sockets: number, guest: string];
  has: ObservedCapacity;
  told?: [sockets: number, guest: string];
  agentConnected?: boolean;
  more?: Partial<Observation>;
}

/** It booted with one socket and 128 MiB. */
function observe({
  asked,
  room = asked,
  has,
  told = [1, "128Mi"],
  agentConnected = false,
  more,
}: Situation): Observation {
  const vmi = someVmi({
    status: {
      phase: "Running",
      currentCPUTopology: { sockets: told[0], cores: 1, threads: 1 },
      memory: { guestAtBoot: "128Mi", guestCurrent: told[1], guestRequested: told[1] },
    },
  });
  vmi.spec.domain.cpu = { sockets: asked[0], cores: 1, threads: 1, maxSockets: 4 };
  vmi.spec.domain.memory = { guest: asked[1], maxGuest: "512Mi" };
  const observation = someObservation({ vmi, machine: someMachine({ capacity: has, agentConnected }), ...more });
  const roomed = { [annotations.roomForSockets]: String(room[0]), [annotations.roomForMemory]: room[1] };
  return {
    ...observation,
    pod: { ...observation.pod, metadata: { ...observation.pod.metadata, annotations: roomed } },
  };
}

const planned = (situation: Situation): string[] =>
  plan(observe(situation)).map((action) => (action.type === "changeCapacity" ? action.change.type : action.type));

test("a guest grows as far as its launcher has room", () => {
  const table: [what: string, Situation, string[]][] = [
    ["nothing to do", { asked: [1, "128Mi"], has: capacity(1, 0) }, []],
    ["all of it", { asked: [2, "256Mi"], has: capacity(1, 0) }, ["plugProcessor", "requestMemory"]],
    ["no room yet", { asked: [2, "256Mi"], room: [1, "128Mi"], has: capacity(1, 0) }, []],
    ["room for one", { asked: [3, "256Mi"], room: [2, "128Mi"], has: capacity(1, 0) }, ["plugProcessor"]],
    ["asked for already", { asked: [1, "256Mi"], has: capacity(1, 0, 128) }, []],
    [
      "an agent that has to be told",
      { asked: [2, "128Mi"], has: capacity(2, 0), agentConnected: true },
      ["bringOnline"],
    ],
    ["asked", { asked: [2, "128Mi"], has: capacity(2, 0), agentConnected: true, more: { onlineAsked: "2/0" } }, []],
    ["told", { asked: [2, "128Mi"], has: capacity(2, 0), agentConnected: true, more: { broughtOnline: "2/0" } }, []],
    [
      "known to an agent before this one, and harmless to say again",
      { asked: [2, "128Mi"], has: capacity(2, 0), agentConnected: true, told: [2, "128Mi"] },
      ["bringOnline"],
    ],
    ["it has what it booted with", { asked: [1, "128Mi"], has: capacity(1, 0), agentConnected: true }, []],
  ];
  for (const [what, situation, expected] of table) assert.deepEqual(planned(situation), expected, what);
});

test("a launcher that says nothing of room, as those of before, has none", () => {
  const observation = observe({ asked: [2, "256Mi"], has: capacity(1, 0) });
  assert.deepEqual(plan({ ...observation, pod: { metadata: { name: "a" } } }), []);
});

test("what goes is given nothing more", () => {
  const observation = observe({ asked: [2, "256Mi"], has: capacity(1, 0) });
  const pod = {
    ...observation.pod,
    metadata: { ...observation.pod.metadata, deletionTimestamp: "2026-01-02T03:04:05Z" },
  };
  assert.deepEqual(plan({ ...observation, pod }), []);
});

test("the status tells what the guest has, once its agent had the chance to put it to use", () => {
  const told = (situation: Situation) => {
    const { currentCPUTopology, memory } = decideStatus(observe(situation));
    return [currentCPUTopology?.sockets, memory?.guestAtBoot, memory?.guestCurrent, memory?.guestRequested];
  };
  const asked: Situation["asked"] = [2, "256Mi"];
  assert.deepEqual(told({ asked, has: capacity(2, 64, 128) }), [2, "128Mi", "192Mi", "256Mi"]);
  assert.deepEqual(told({ asked, has: capacity(2, 128), agentConnected: true }), [1, "128Mi", "128Mi", "128Mi"]);
  const more = { broughtOnline: `2/${128 * mebibyte}` };
  assert.deepEqual(told({ asked, has: capacity(2, 128), agentConnected: true, more }), [2, "128Mi", "256Mi", "256Mi"]);
});
