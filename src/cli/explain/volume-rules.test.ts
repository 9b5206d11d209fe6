import assert from "node:assert/strict";
import { test } from "node:test";
import type { PersistentVolumeClaim } from "../../../api/core.ts";
import type { VolumeStatus } from "../../../api/kubevirt/hotplug-volume.ts";
import { sampleVm, sampleVmi } from "../../../api/kubevirt/sample.ts";
import { explainMachine } from "./explain-machine.ts";
import { type Situation, sentence } from "./situation.ts";

const agentConnected = { type: "AgentConnected", status: "True" };

function explain(entry: Partial<VolumeStatus>, more: Partial<Situation> = {}): string {
  const plugged = {
    name: "data",
    target: "",
    hotplugVolume: {},
    persistentVolumeClaimInfo: { claimName: "claim" },
    ...entry,
  };
  const vmi = sampleVmi((each) => {
    const volumeStatus = [{ name: "root", target: "vda" }, plugged];
    each.status = { phase: "Running", nodeName: "n1", conditions: [agentConnected], volumeStatus };
  });
  const situation: Situation = {
    namespace: "default",
    name: "a",
    vm: sampleVm(),
    vmi,
    pod: undefined,
    claims: [claim("Filesystem")],
    agentSilence: undefined,
    events: [],
    nodes: [
      {
        metadata: { name: "n1", annotations: { "vmpod.dev/agent-endpoint": "https://10.42.0.1:10260" } },
        status: { conditions: [{ type: "Ready", status: "True" }] },
      },
    ],
    nodePods: [],
    now: new Date(0),
    ...more,
  };
  return sentence("a", explainMachine(situation));
}

function claim(volumeMode: "Block" | "Filesystem"): PersistentVolumeClaim {
  return { metadata: { name: "claim" }, spec: { volumeMode } };
}

const pending = { phase: "Pending", reason: "AttachmentPending", message: "a pod brings it" };
const cases: [what: string, entry: Partial<VolumeStatus>, more: Partial<Situation>, says: RegExp][] = [
  [
    "one that comes",
    pending,
    {},
    /^a is running on n1, and is to get volume data of claim claim \(Pending: a pod brings it\): wait, or give it up with `vmpod removevolume a --volume-name=data`\.$/,
  ],
  ["without a message", { phase: "AttachedToNode", message: "" }, {}, /of claim claim \(AttachedToNode\): wait/],
  [
    "a claim that is missing",
    { phase: "Pending", reason: "ClaimNotFound", message: "there is no claim claim" },
    { claims: [], namespace: "lab" },
    /create PersistentVolumeClaim claim in namespace lab, or give it up with `.* --volume-name=data -n lab`\.$/,
  ],
  ["a block device", pending, { claims: [claim("Block")] }, /it comes with `vmpod restart a`; or give it up/],
  ["a disk that cannot be plugged", { ...pending, reason: "UnsupportedDisk" }, {}, /it comes with `vmpod restart a`/],
  [
    "of an instance that is no machine's",
    pending,
    { claims: [claim("Block")], vm: undefined },
    /it comes with another instance in its place; or give it up/,
  ],
  [
    "a pod without a place",
    { phase: "Pending", reason: "Unschedulable", message: "pod p: 0/1 nodes are available" },
    {},
    /\(Pending: pod p: 0\/1 nodes are available\): see what the message says of the pod/,
  ],
  [
    "one that goes",
    { phase: "Detaching", message: "the guest has been asked" },
    {},
    /and is to lose volume data .*: unmount it in the guest, and wait; .* loses it with `vmpod restart a`\.$/,
  ],
  [
    "one whose server is lost",
    { phase: "Ready", reason: "ServerLost", message: "nobody serves claim claim" },
    {},
    /but its guest waits for volume data .*: it goes on by itself once the claim's pod runs again/,
  ],
];

for (const [what, entry, more, says] of cases)
  test(`explained: ${what}`, () => {
    assert.match(explain(entry, more), says);
  });

test("one that is there, and disks of the start, are nothing to tell of", () => {
  for (const entry of [{ phase: "Ready", reason: "VolumeReady" }, { phase: "Ready" }, { hotplugVolume: undefined }])
    assert.match(explain(entry), /nothing is wrong/);
});
