import assert from "node:assert/strict";
import { test } from "node:test";
import { attachmentsOf, networkStatusAnnotation } from "../../../api/network-attachments.ts";
import { attachedNetwork, givenBy, ownNetwork } from "./network-status.ts";

/** As the plugin `bridge` says it. */
const answer = {
  cniVersion: "1.0.0",
  interfaces: [
    { name: "lan0", mac: "36:17:f8:64:f1:42" },
    { name: "veth7fe7ae13", mac: "be:98:76:d6:b5:cb" },
    { name: "net1", mac: "02:00:00:77:00:02", sandbox: "/var/run/netns/x" },
  ],
  ips: [{ interface: 2, address: "10.9.0.2/24", gateway: "10.9.0.1" }, { address: "fd00::2/64" }],
};

test("the pod's end of a link is told, with its addresses", () => {
  assert.deepEqual(givenBy(answer, "net1"), { ips: ["10.9.0.2", "fd00::2"], mac: "02:00:00:77:00:02" });
});

test("a network without addresses, or an answer of another shape, gives none", () => {
  for (const other of [undefined, null, "{}", { ips: "10.9.0.2", interfaces: [null, 7] }])
    assert.deepEqual(givenBy(other, "net1"), { ips: [] });
});

test("who reads what Multus writes understands it", () => {
  const told = [ownNetwork("vmpod", ["10.42.0.5"]), attachedNetwork("n/lan", "net1", givenBy(answer, "net1"))];
  const pod = { metadata: { annotations: { [networkStatusAnnotation]: JSON.stringify(told) } } };
  assert.deepEqual(attachmentsOf(pod), [
    { name: "vmpod", interface: "eth0", ips: ["10.42.0.5"] },
    { name: "n/lan", interface: "net1", ips: ["10.9.0.2", "fd00::2"] },
  ]);
});
