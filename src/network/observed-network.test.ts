import assert from "node:assert/strict";
import { test } from "node:test";
import { ownerNames, parseObservation } from "./observed-network.ts";

test("reads what ip, nft and the kernel say", () => {
  const links = [
    {
      ifname: "eth0",
      mtu: 1450,
      address: "ae:ee:77:2a:73:7f",
      flags: ["UP"],
      linkinfo: { info_kind: "veth" },
      addr_info: [{ local: "10.42.0.5", prefixlen: 24 }],
    },
    {
      ifname: "tap0",
      mtu: 1450,
      flags: [],
      master: "k6t-eth0",
      linkinfo: { info_kind: "tun", info_data: { user: 107, multi_queue: false } },
      addr_info: [],
    },
  ];
  const rules = {
    nftables: [
      { metainfo: { version: "1.0.6" } },
      { chain: { family: "ip", table: "vmpod", name: "digest_1" } },
      { chain: { family: "ip6", table: "vmpod", name: "digest_2" } },
      { chain: { family: "ip", table: "nat", name: "other" } },
      { chain: { family: "bridge", table: "vmpod", name: "other" } },
    ],
  };
  const observed = parseObservation(`${JSON.stringify(links)}\n${JSON.stringify(rules)}\n1\n0\n1\n`, new Map());
  assert.deepEqual(
    observed.links.map(({ name, up, master, owner, addresses }) => [name, up, master, owner, addresses]),
    [
      ["eth0", true, undefined, undefined, ["10.42.0.5/24"]],
      ["tap0", false, "k6t-eth0", 107, []],
    ],
  );
  assert.deepEqual(
    [observed.chains, observed.forwarding, observed.localnet, observed.forwarding6],
    [["digest_1", "digest_2"], true, false, true],
  );
});

test("a tap's owner who has a name is known by the number", () => {
  const info_data = { user: "qemu", multi_queue: false };
  const tap = { ifname: "tap0", mtu: 1450, flags: [], linkinfo: { info_kind: "tun", info_data }, addr_info: [] };
  const output = `${JSON.stringify([tap])}\n{"nftables":[]}\n1\n0\n`;
  assert.deepEqual(ownerNames(output), ["qemu"]);
  assert.equal(parseObservation(output, new Map([["qemu", 107]])).links[0]?.owner, 107);
});
