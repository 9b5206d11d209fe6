import assert from "node:assert/strict";
import { test } from "node:test";
import { guestNetwork } from "./network.fixture.ts";
import type { MasqueradeNetwork, PortForward } from "./pod-network.ts";
import { masqueradeRulesets, type Ruleset } from "./ruleset.ts";

const masqueradeRuleset = (network: MasqueradeNetwork): Ruleset => only(masqueradeRulesets(network));

function only([first, ...others]: Ruleset[]): Ruleset {
  assert.deepEqual(others, []);
  assert.ok(first);
  return first;
}

const dnats = (ports: PortForward[]) =>
  masqueradeRuleset(guestNetwork({ ports }))
    .script.split("\n")
    .map((line) => line.trim())
    .filter((line) => line.includes("dnat to"));

test("which packets reach the guest", () => {
  const table: [PortForward[], string[]][] = [
    [[], ['iifname "eth0" dnat to 10.0.2.2', "ip daddr 127.0.0.1 dnat to 10.0.2.2"]],
    [
      [
        { protocol: "TCP", port: 443 },
        { protocol: "TCP", port: 80 },
        { protocol: "TCP", port: 80 },
      ],
      [
        'iifname "eth0" tcp dport { 80, 443 } dnat to 10.0.2.2',
        "ip daddr 127.0.0.1 tcp dport { 80, 443 } dnat to 10.0.2.2",
      ],
    ],
    [
      [
        { protocol: "UDP", port: 53 },
        { protocol: "TCP", port: 53 },
      ],
      [
        'iifname "eth0" tcp dport { 53 } dnat to 10.0.2.2',
        'iifname "eth0" udp dport { 53 } dnat to 10.0.2.2',
        "ip daddr 127.0.0.1 tcp dport { 53 } dnat to 10.0.2.2",
        "ip daddr 127.0.0.1 udp dport { 53 } dnat to 10.0.2.2",
      ],
    ],
    [
      [
        { protocol: "TCP", port: 22 },
        { protocol: "TCP", port: 100, lastPort: 200 },
        { protocol: "TCP", port: 150, lastPort: 300 },
        { protocol: "TCP", port: 120 },
      ],
      [
        'iifname "eth0" tcp dport { 22, 100-300 } dnat to 10.0.2.2',
        "ip daddr 127.0.0.1 tcp dport { 22, 100-300 } dnat to 10.0.2.2",
      ],
    ],
  ];
  for (const [ports, expected] of table) assert.deepEqual(dnats(ports), expected, JSON.stringify(ports));
});

test("what arrives for QEMU itself does not reach the guest, whatever else does", () => {
  const lines = masqueradeRuleset(guestNetwork({ ports: [{ protocol: "TCP", port: 49152 }] })).script.split("\n");
  const accepted = lines.findIndex((line) => line.includes('iifname "eth0" tcp dport { 49152, 49153 } accept'));
  const forwarded = lines.findIndex((line) => line.includes("dnat to"));
  assert.ok(accepted > 0 && accepted < forwarded);
});

test("the whole table is replaced in one transaction, which also works when there is none", () => {
  const { script } = masqueradeRuleset(guestNetwork());
  assert.deepEqual(script.split("\n").slice(0, 3), ["table ip vmpod", "delete table ip vmpod", "table ip vmpod {"]);
});

test("the marker names the rules", () => {
  const marker = masqueradeRuleset(guestNetwork()).marker;
  assert.match(marker, /^digest_[0-9a-f]{16}$/);
  assert.equal(masqueradeRuleset(guestNetwork({ guestMac: "02:99:99:99:99:99" })).marker, marker, "not in the rules");
  assert.notEqual(masqueradeRuleset(guestNetwork({ guestAddress: "10.0.2.3" })).marker, marker);
});

test("who asks who it is must be the guest, and its answers end there", () => {
  const { script } = masqueradeRuleset(guestNetwork({ metadata: true }));
  for (const rule of [
    'ip daddr 169.254.169.254 iifname != "k6t-eth0" drop',
    "ip daddr 169.254.169.254 ip saddr != 10.0.2.2 drop",
    "ip saddr 169.254.169.254 ip ttl set 1",
  ])
    assert.ok(script.includes(rule), rule);
  assert.ok(!masqueradeRuleset(guestNetwork()).script.includes("169.254"));
});

test("IPv6 has a table of its own, with the same rules and its own addresses, but not who one is", () => {
  const ipv6 = { routerAddress: "fd10:0:2::1", guestAddress: "fd10:0:2::2", prefixLength: 120 };
  const network = guestNetwork({ ports: [{ protocol: "TCP", port: 80 }], metadata: true });
  const [four, six] = masqueradeRulesets({ ...network, ipv6 });
  assert.deepEqual(four, masqueradeRuleset(network), "that of IPv4 does not depend on it");
  const text = six?.script ?? "";
  assert.ok(text.startsWith("table ip6 vmpod\ndelete table ip6 vmpod\ntable ip6 vmpod {\n"));
  for (const rule of [
    'iifname "eth0" tcp dport { 80 } dnat to fd10:0:2::2',
    'ip6 saddr fd10:0:2::2 oifname "eth0" masquerade',
  ])
    assert.ok(text.includes(rule), rule);
  assert.doesNotMatch(text, /\d\.\d|\bip /);
});
