import assert from "node:assert/strict";
import { test } from "node:test";
import { annotations, labels } from "../../../api/kubevirt/names.ts";
import { isConditionTrue } from "../../runtime/conditions.ts";
import type { LauncherPod, LauncherResources } from "./launcher/launcher.ts";
import type { Observation } from "./observation.ts";
import { plan } from "./plan.ts";
import { lacksRoom } from "./room.ts";
import { observationOf, podIn } from "./sample.ts";
import { decideStatus } from "./status/status.ts";

interface Situation {
  sockets?: number;
  guest?: string;
  /** What the pod says it has room for; undefined: nothing, as pods of before. */
  room?: [sockets: number, guest: string];
  asked?: LauncherResources;
  given?: LauncherResources;
  resizePending?: string;
  change?: Partial<Observation>;
  status?: object;
}

const small = { requests: { cpu: "50m", memory: "200Mi" } };
const large = { requests: { cpu: "100m", memory: "400Mi" } };

/** Started with one socket and 128 MiB; a launcher for what it asks for now would be `large`. */
function observe(situation: Situation): Observation {
  const { sockets = 1, guest = "128Mi", room, asked = small, given = small, resizePending, change, status } = situation;
  const observation = observationOf("Running", { wantedResources: large, ...change });
  const { vmi } = observation;
  const { domain } = vmi.spec;
  const spec = {
    ...vmi.spec,
    domain: { ...domain, cpu: { ...domain.cpu, sockets }, memory: { ...domain.memory, guest } },
  };
  const metadata = { ...vmi.metadata, labels: { [labels.nodeName]: "node" } };
  const told = {
    currentCPUTopology: { sockets: 1, cores: 1, threads: 1 },
    memory: { guestAtBoot: "128Mi", guestCurrent: "128Mi", guestRequested: "128Mi" },
  };
  return {
    ...observation,
    vmi: { ...vmi, metadata, spec, status: { ...vmi.status, ...told, ...status } },
    pods: [launcher(room, asked, given, resizePending)],
  };
}

const proxy = { name: "proxy", image: "p", resources: { requests: { cpu: "10m", memory: "900Mi" } } };

function launcher(
  room: Situation["room"],
  asked: LauncherResources,
  given: LauncherResources,
  pending: string | undefined,
): LauncherPod {
  const pod = podIn("Running");
  const told = room && { [annotations.roomForSockets]: String(room[0]), [annotations.roomForMemory]: room[1] };
  const [status] = pod.status?.containerStatuses ?? [];
  const conditions = pending
    ? [{ type: "PodResizePending", status: "True", reason: "Deferred", message: pending }]
    : [];
  return {
    ...pod,
    metadata: { ...pod.metadata, ...(told && { annotations: told }) },
    // As a mesh may put it into any pod.
    spec: { nodeName: "node", containers: [proxy, { name: "compute", image: "l", resources: asked }] },
    status: {
      ...pod.status,
      conditions,
      containerStatuses: status
        ? [
            { ...status, ...proxy },
            { ...status, resources: given },
          ]
        : [],
    },
  };
}

const step = (situation: Situation): unknown => {
  const [action] = plan(observe(situation));
  if (action?.type === "resizePod") return action.resources;
  return action?.type === "tellRoom" ? action.room : action?.type;
};

test("first the pod gets it, then it says so", () => {
  const room: Situation["room"] = [1, "128Mi"];
  const toldRoom = { [annotations.roomForSockets]: "2", [annotations.roomForMemory]: "256Mi" };
  const table: [what: string, Situation, unknown][] = [
    ["as large as asked", { room }, undefined],
    ["asks for more", { room, sockets: 2, guest: "256Mi" }, large],
    ["is being resized", { room, sockets: 2, guest: "256Mi", asked: large }, undefined],
    ["has been resized", { room, sockets: 2, guest: "256Mi", asked: large, given: large }, toldRoom],
    ["has said so", { room: [2, "256Mi"], sockets: 2, guest: "256Mi", asked: large, given: large }, undefined],
    ["was large enough", { room, sockets: 2, guest: "256Mi", change: { wantedResources: small } }, toldRoom],
    ["of before", { sockets: 2 }, undefined],
    ["where pods stay as they are", { room, sockets: 2, change: { podsCanGrow: false } }, undefined],
  ];
  for (const [what, situation, expected] of table) assert.deepEqual(step(situation), expected, what);
});

test("a limit grows with the request, and nothing gets less", () => {
  const wantedResources = { requests: { cpu: "10m", memory: "400Mi" }, limits: { memory: "500Mi" } };
  const asked = { requests: small.requests, limits: { memory: "300Mi", "devices.kubevirt.io/tun": "1" } };
  assert.deepEqual(step({ room: [1, "128Mi"], sockets: 2, asked, change: { wantedResources } }), {
    requests: { cpu: "50m", memory: "400Mi" },
    limits: { memory: "500Mi" },
  });
});

test("the conditions say that a guest is to get more, and what for it waits", () => {
  const told = (situation: Situation) => {
    const conditions = decideStatus(observe(situation)).conditions ?? [];
    const { message } = conditions.find(({ type }) => type === "HotVCPUChange") ?? {};
    return [isConditionTrue(conditions, "HotVCPUChange"), isConditionTrue(conditions, "HotMemoryChange"), message];
  };
  const room: Situation["room"] = [1, "128Mi"];
  const pod = "pod virt-launcher-a-xxxxx";
  assert.deepEqual(told({ room }), [false, false, undefined]);
  assert.deepEqual(told({ room, sockets: 2 }), [true, false, `${pod} is being resized`]);
  assert.deepEqual(told({ room, guest: "256Mi" }), [false, true, undefined]);
  assert.deepEqual(told({ room: [2, "128Mi"], sockets: 2 }), [
    true,
    false,
    "the guest is being given what it may have",
  ]);
  assert.deepEqual(told({ room, sockets: 2, resizePending: "no memory" }), [
    true,
    false,
    `${pod} cannot be resized now (Deferred): no memory`,
  ]);
  const fixed = told({ room, sockets: 2, change: { podsCanGrow: false } });
  assert.match(String(fixed[2]), /cannot resize pods, and the guest cannot move/);
});

test("what somebody else wrote as room is none", () => {
  const observation = observe({ room: [1, "much"], sockets: 1 });
  assert.equal(observation.pods[0] && lacksRoom(observation.vmi, observation.pods[0]), false);
});
