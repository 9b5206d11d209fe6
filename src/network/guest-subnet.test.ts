import assert from "node:assert/strict";
import { test } from "node:test";
import { TerminalError } from "../base/errors.ts";
import { guestSubnet, guestSubnet6, netmask } from "./guest-subnet.ts";

test("router and guest are the first two hosts of the network", () => {
  const table: [string, string, string][] = [
    ["10.0.2.0/24", "10.0.2.1", "10.0.2.2"],
    ["10.0.2.77/24", "10.0.2.1", "10.0.2.2"],
    ["192.168.128.0/17", "192.168.128.1", "192.168.128.2"],
    ["172.16.0.252/30", "172.16.0.253", "172.16.0.254"],
  ];
  for (const [cidr, routerAddress, guestAddress] of table) {
    const subnet = guestSubnet(cidr);
    assert.deepEqual([subnet.routerAddress, subnet.guestAddress], [routerAddress, guestAddress], cidr);
  }
});

test("what has no room for two hosts is refused", () => {
  for (const cidr of ["", "10.0.2.0", "10.0.2.0/31", "10.0.2.0/x", "fd00::/64", "10.0.2.0/-1"]) {
    assert.throws(() => guestSubnet(cidr), TerminalError, cidr);
  }
});

test("the same of IPv6, as upstream has it", () => {
  assert.deepEqual(guestSubnet6("fd10:0:2::/120"), {
    routerAddress: "fd10:0:2::1",
    guestAddress: "fd10:0:2::2",
    prefixLength: 120,
  });
  assert.equal(guestSubnet6("FD00::ff05/126").guestAddress, "fd00::ff06");
  for (const cidr of ["", "fd10:0:2::", "fd10::/48", "fd10:0:2::/127", "10.0.2.0/24", "fd10:0:2::/x"]) {
    assert.throws(() => guestSubnet6(cidr), TerminalError, cidr);
  }
});

test("netmasks", () => {
  assert.deepEqual([24, 17, 30, 8].map(netmask), ["255.255.255.0", "255.255.128.0", "255.255.255.252", "255.0.0.0"]);
});
