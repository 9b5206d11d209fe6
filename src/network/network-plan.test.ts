import assert from "node:assert/strict";
import { test } from "node:test";
import { applyToLinks, emptyNamespace, guestNetwork } from "./network.fixture.ts";
import { isEmpty, planNetwork } from "./network-plan.ts";
import type { ObservedNetwork } from "./observed-network.ts";
import type { MasqueradeNetwork } from "./pod-network.ts";
import { masqueradeRulesets } from "./ruleset.ts";

const desired = guestNetwork();
const markers = (network: MasqueradeNetwork) => masqueradeRulesets(network).map(({ marker }) => marker);
const scripts = (network: MasqueradeNetwork) =>
  masqueradeRulesets(network)
    .map(({ script }) => script)
    .join("");

const complete: ObservedNetwork = {
  links: [
    ...emptyNamespace.links,
    {
      name: "k6t-eth0",
      kind: "bridge",
      mtu: 1450,
      mac: "02:00:00:00:00:00",
      up: true,
      master: undefined,
      addresses: ["10.0.2.1/24"],
      owner: undefined,
      multiqueue: false,
    },
    {
      name: "tap0",
      kind: "tun",
      mtu: 1450,
      mac: "aa:00:00:00:00:01",
      up: true,
      master: "k6t-eth0",
      addresses: [],
      owner: 107,
      multiqueue: false,
    },
  ],
  chains: ["prerouting", ...markers(desired)],
  forwarding: true,
  forwarding6: false,
  localnet: true,
};

test("an empty namespace gets a bridge, a tap, forwarding and rules", () => {
  const plan = planNetwork(desired, emptyNamespace);
  assert.deepEqual(plan.links, [
    "link add name k6t-eth0 type bridge forward_delay 0",
    "link set dev k6t-eth0 address 02:00:00:00:00:00 mtu 1450 up",
    "address replace 10.0.2.1/24 dev k6t-eth0",
    "tuntap add dev tap0 mode tap user 107 group 107",
    "link set dev tap0 mtu 1450 master k6t-eth0 up",
  ]);
  assert.deepEqual(
    plan.sysctls.map(({ path }) => path),
    ["ipv4/ip_forward", "ipv4/conf/k6t-eth0/route_localnet"],
  );
  assert.equal(plan.ruleset, scripts(desired));
});

test("a complete namespace is left alone", () => {
  assert.ok(isEmpty(planNetwork(desired, complete)));
});

test("whatever is missing, and nothing else, is made", () => {
  const table: [string, ObservedNetwork, string[]][] = [
    [
      "tap outside the bridge",
      applyToLinks(complete, "tap0", { master: undefined }),
      ["link set dev tap0 mtu 1450 master k6t-eth0 up"],
    ],
    [
      "tap of somebody else",
      applyToLinks(complete, "tap0", { owner: 0 }),
      [
        "link delete dev tap0",
        "tuntap add dev tap0 mode tap user 107 group 107",
        "link set dev tap0 mtu 1450 master k6t-eth0 up",
      ],
    ],
    [
      "address lost",
      applyToLinks(complete, "k6t-eth0", { addresses: [] }),
      ["address replace 10.0.2.1/24 dev k6t-eth0"],
    ],
    [
      "bridge down",
      applyToLinks(complete, "k6t-eth0", { up: false }),
      ["link set dev k6t-eth0 address 02:00:00:00:00:00 mtu 1450 up"],
    ],
  ];
  for (const [what, observed, links] of table) {
    const plan = planNetwork(desired, observed);
    assert.deepEqual(plan.links, links, what);
    assert.equal(plan.ruleset, "", what);
  }
});

test("other rules replace the loaded ones", () => {
  const narrower = { ...desired, ports: [{ protocol: "TCP", port: 80 } as const] };
  assert.equal(planNetwork(narrower, complete).ruleset, scripts(narrower));
});

test("IPv6 comes beside it, and only what it needs", () => {
  const ipv6 = { routerAddress: "fd10:0:2::1", guestAddress: "fd10:0:2::2", prefixLength: 120 };
  const both = { ...desired, ipv6 };
  const plan = planNetwork(both, complete);
  assert.deepEqual(plan.links, ["address replace fd10:0:2::1/120 dev k6t-eth0 nodad"]);
  assert.deepEqual(plan.sysctls, [{ path: "ipv6/conf/all/forwarding", value: "1" }]);
  assert.match(plan.ruleset, /^table ip6 vmpod\n/);
  const addresses = ["10.0.2.1/24", "fd10:0:2::1/120"];
  const done = { ...applyToLinks(complete, "k6t-eth0", { addresses }), forwarding6: true, chains: markers(both) };
  assert.ok(isEmpty(planNetwork(both, done)));
});
