import assert from "node:assert/strict";
import { test } from "node:test";
import { type ObservedBridged, planBridged, planRemoval, secondaryLinks } from "./bridged-network.ts";
import type { ObservedLink } from "./observed-network.ts";
import { podLinks } from "./pod-network.ts";

const desired = { ...podLinks, multiqueue: false, owner: 107, isAttached: true };
const link = (name: string, more: Partial<ObservedLink>): ObservedLink => ({
  name,
  kind: undefined,
  mtu: 1450,
  mac: "ae:ee:77:2a:73:7f",
  up: true,
  master: undefined,
  addresses: [],
  owner: undefined,
  multiqueue: false,
  ...more,
});
const uplink = (more: Partial<ObservedLink> = {}) =>
  link("eth0", { addresses: ["10.42.0.5/16", "fe80::1/64"], ...more });
const fresh: ObservedBridged = { links: [uplink()], gateway: "10.42.0.1" };
const lease = { address: "10.42.0.5", prefixLength: 16, gateway: "10.42.0.1" };
const alias = "vmpod:10.42.0.5/16:10.42.0.1";

test("the pod's address is noted, taken from it, and offered to the guest", () => {
  const plan = planBridged(desired, fresh);
  assert.deepEqual([plan?.lease, plan?.mtu], [lease, 1450]);
  assert.deepEqual(plan?.links, [
    `link set dev eth0 alias ${alias}`,
    "link add name k6t-eth0 type bridge forward_delay 0",
    "link set dev k6t-eth0 mtu 1450 up",
    "address replace 169.254.75.10/32 dev k6t-eth0",
    "address delete 10.42.0.5/16 dev eth0",
    "link set dev eth0 master k6t-eth0 up",
    "link set dev eth0 type bridge_slave learning off",
    "tuntap add dev tap0 mode tap user 107 group 107",
    "link set dev tap0 mtu 1450 master k6t-eth0 up",
  ]);
});

test("whoever comes later finds the note, wherever the former one was killed", () => {
  const done: ObservedLink[] = [
    uplink({ alias, addresses: [], master: "k6t-eth0" }),
    link("k6t-eth0", { addresses: ["169.254.75.10/32"] }),
    link("tap0", { master: "k6t-eth0", owner: 107 }),
  ];
  const later = (links: ObservedLink[]) => planBridged(desired, { links, gateway: undefined });
  assert.deepEqual(later(done), { lease, mtu: 1450, links: [] });
  assert.deepEqual(later([uplink({ alias })])?.lease, lease);
  assert.deepEqual(later([uplink({ alias, addresses: [] }), ...done.slice(1)])?.links, [
    "link set dev eth0 master k6t-eth0 up",
    "link set dev eth0 type bridge_slave learning off",
  ]);
});

test("a network without addresses offers none, also when looked at again", () => {
  const first = planBridged(desired, { links: [uplink({ addresses: ["fe80::1/64"] })], gateway: undefined });
  assert.equal(first?.lease, undefined);
  assert.equal(first?.links[0], "link set dev eth0 alias vmpod:none");
  const again = planBridged(desired, { links: [uplink({ alias: "vmpod:none", addresses: [] })], gateway: undefined });
  assert.equal(again?.lease, undefined);
});

test("what connected an interface that is gone goes, and nothing else", () => {
  const [lan, gone] = [secondaryLinks("lan"), secondaryLinks("gone")];
  const names = [
    "lo",
    "eth0",
    "tap0",
    "k6t-eth0",
    ...[lan, gone].flatMap(({ uplink: up, bridge, tap }) => [up, bridge, tap]),
  ];
  const links = names.map((name) => link(name, {}));
  assert.deepEqual(planRemoval([lan], links), [`link delete dev ${gone.bridge}`, `link delete dev ${gone.tap}`]);
});

test("an uplink that is not there yet is waited for, and so is one that may still get its address", () => {
  assert.equal(planBridged(desired, { links: [], gateway: undefined }), undefined);
  const early = { links: [uplink({ addresses: [] })], gateway: undefined };
  assert.equal(planBridged({ ...desired, isAttached: false }, early), undefined);
  const noted = { links: [uplink({ alias, addresses: [] })], gateway: undefined };
  assert.deepEqual(planBridged({ ...desired, isAttached: false }, noted)?.lease, lease, "it was, when that was noted");
});

test("the links of other networks have names that Linux takes, and that differ", () => {
  const [one, other] = [secondaryLinks("lan"), secondaryLinks("a-network-with-quite-a-long-name")];
  const all = [one, other].flatMap(({ uplink: up, bridge, tap }) => [up, bridge, tap]);
  assert.ok(all.every((name) => name.length <= 15 && /^[a-z][\w-]*$/.test(name)));
  assert.equal(new Set(all).size, 6);
});
