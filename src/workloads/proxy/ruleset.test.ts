import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStickyClients, stickySetName } from "./affinity.ts";
import { renderRuleset } from "./ruleset.ts";
import type { ServicePort } from "./service-ports.ts";

const port = (more: Partial<ServicePort> = {}): ServicePort => ({
  id: "n/web:80",
  protocol: "tcp",
  family: "IPv4",
  addresses: ["10.0.0.1"],
  port: 80,
  nodePort: undefined,
  affinitySeconds: undefined,
  backends: [
    { address: "10.1.0.1", port: 8080 },
    { address: "10.1.0.2", port: 8080 },
  ],
  ...more,
});
const options = { table: "x", podCidrs: ["10.1.0.0/16"], bridgeSeen: true };

test("one Service with two backends and a node port, one without any", () => {
  const unserved = port({ id: "n/empty:81", addresses: ["10.0.0.2"], port: 81, backends: [] });
  assert.equal(
    renderRuleset([unserved, port({ nodePort: 30_080 })], options),
    `table inet x
delete table inet x
table inet x {
  chain svc_0 { comment "n/web:80"
    meta l4proto { tcp, udp } dnat ip to numgen random mod 2 map { 0 : 10.1.0.1 . 8080, 1 : 10.1.0.2 . 8080 }
  }

  map services {
    type ipv4_addr . inet_proto . inet_service : verdict
    elements = { 10.0.0.1 . tcp . 80 : goto svc_0 }
  }
  map nodeports {
    type inet_proto . inet_service : verdict
    elements = { tcp . 30080 : goto svc_0 }
  }
  set unserved {
    type ipv4_addr . inet_proto . inet_service
    elements = { 10.0.0.2 . tcp . 81 }
  }
  set loops {
    type ipv4_addr . ipv4_addr
    elements = { 10.1.0.1 . 10.1.0.1,
      10.1.0.2 . 10.1.0.2 }
  }
  chain dispatch {
    ip daddr . meta l4proto . th dport vmap @services
    fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @nodeports
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump dispatch
  }
  chain output {
    type nat hook output priority -100; policy accept;
    jump dispatch
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ct status dnat ip saddr . ip daddr @loops masquerade
  }
  chain refuse {
    ip daddr . meta l4proto . th dport @unserved meta l4proto tcp reject with tcp reset
    ip daddr . meta l4proto . th dport @unserved reject
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    jump refuse
  }
  chain local_out {
    type filter hook output priority filter; policy accept;
    jump refuse
  }
}
`,
  );
});

test("where bridged packets are not seen, all Service traffic between pods is masqueraded", () => {
  const rules = renderRuleset([port()], { ...options, bridgeSeen: false });
  assert.ok(rules.includes("ct status dnat ip saddr 10.1.0.0/16 ip daddr 10.1.0.0/16 masquerade"));
});

test("an address and port that two Services claim is in the map once", () => {
  const rules = renderRuleset([port({ id: "n/a:80" }), port({ id: "n/b:80" })], options);
  assert.equal(rules.split("10.0.0.1 . tcp . 80 :").length - 1, 1);
});

test("a comment is cut to what nft takes", () => {
  const id = `${"n".repeat(63)}/${"s".repeat(63)}:${"p".repeat(15)}`;
  assert.ok(renderRuleset([port({ id })], options).includes(`comment "${id.slice(0, 128)}"`));
});

test("clients keep their backends when the table is replaced", () => {
  const sticky = port({ affinitySeconds: 100 });
  const name = stickySetName(sticky, { address: "10.1.0.1", port: 8080 });
  const clients = parseStickyClients(
    JSON.stringify({
      nftables: [
        { metainfo: {} },
        { set: { name, elem: [{ elem: { val: "192.0.2.7", expires: 50 } }, { elem: { val: "192.0.2.8" } }] } },
        { set: { name: "unserved", elem: ["1.2.3.4"] } },
      ],
    }),
  );
  assert.deepEqual([...clients], [[name, [{ address: "192.0.2.7", expiresSeconds: 50 }]]]);
  const rules = renderRuleset([sticky], { ...options, clients });
  assert.ok(rules.includes(`set ${name} { type ipv4_addr; timeout 100s; flags dynamic,timeout; elements = {`));
  assert.ok(rules.includes("192.0.2.7 timeout 100s expires 50s"));
});

test("IPv6 has maps of its own, and a way back where bridged packets are not seen", () => {
  const six = port({
    family: "IPv6",
    addresses: ["fd00::1"],
    nodePort: 30_080,
    affinitySeconds: 9,
    backends: [{ address: "fd01::7", port: 8080 }],
  });
  const both = { ...options, podCidrs: ["10.1.0.0/16", "fd01::/64"] };
  const rules = renderRuleset([port({ nodePort: 30_080 }), six], both);
  for (const rule of [
    "fd00::1 . tcp . 80 : goto svc_1",
    "meta l4proto { tcp, udp } dnat ip6 to [fd01::7]:8080",
    "{ type ipv6_addr; timeout 9s; flags dynamic,timeout; }",
    "ip6 daddr . meta l4proto . th dport vmap @services6",
    "fib daddr type local ip6 daddr != ::1 meta l4proto . th dport vmap @nodeports6",
    "ct status dnat ip6 saddr . ip6 daddr @loops6 masquerade",
  ])
    assert.ok(rules.includes(rule), rule);
  assert.match(
    renderRuleset([six], { ...both, bridgeSeen: false }),
    /ip6 saddr fd01::\/64 ip6 daddr fd01::\/64 masquerade/,
  );
  assert.doesNotMatch(renderRuleset([six], options), /ip6|fd0|svc_/, "where pods have none");
});
