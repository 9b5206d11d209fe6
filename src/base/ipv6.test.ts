import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { test } from "node:test";
import fc from "./property.fixture.ts";
import { familyOf, familyOfNetwork, networkHolds } from "./ip-network.ts";
import { formatIpv6, ipv6ToNumber } from "./ipv6.ts";

test("addresses are read and written, zeros compressed", () => {
  const table: [string, bigint, string][] = [
    ["::", 0n, "::"],
    ["::1", 1n, "::1"],
    ["FD10:0:2::2", 0xfd10_0000_0002_0000_0000_0000_0000_0002n, "fd10:0:2::2"],
    ["::ffff:10.0.0.1", 0xffff_0a00_0001n, "::ffff:a00:1"],
    ["1:2:3:4:5:6:7:8", 0x0001_0002_0003_0004_0005_0006_0007_0008n, "1:2:3:4:5:6:7:8"],
  ];
  for (const [text, number, written] of table) {
    assert.equal(ipv6ToNumber(text), number, text);
    assert.equal(formatIpv6(number), written);
  }
  fc.assert(fc.property(fc.bigInt(0n, 2n ** 128n - 1n), (number) => ipv6ToNumber(formatIpv6(number)) === number));
});

test("what is in a network", () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), fc.ipV6(), (network, length, address) => {
      const list = new BlockList();
      list.addSubnet(network, length, "ipv6");
      assert.equal(networkHolds(`${network}/${length}`, address), list.check(address, "ipv6"));
      assert.ok(networkHolds(`${network}/${length}`, network));
    }),
  );
});

test("families", () => {
  assert.deepEqual(["10.0.0.1", "fd00::1", "fe80::1%eth0", "x"].map(familyOf), ["IPv4", "IPv6", undefined, undefined]);
  assert.deepEqual(["10.0.0.0/8", "fd00::/8", "fd00::/129", "fd00::", "fd00::/8/8"].map(familyOfNetwork), [
    "IPv4",
    "IPv6",
    undefined,
    undefined,
    undefined,
  ]);
  assert.equal(networkHolds("10.0.0.0/8", "fd00::1"), false);
  assert.equal(networkHolds("fd00::/8", "10.0.0.1"), false);
});
