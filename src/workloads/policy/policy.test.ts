import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import type { Namespace, Pod } from "../../../api/core.ts";
import type { NetworkPolicy } from "../../../api/networking.ts";
import { isolations, type PolicyWorld } from "./isolation.ts";
import { passes } from "./packet-filter.fixture.ts";
import { mayPass, type Packet } from "./reference.fixture.ts";
import { renderPolicies } from "./ruleset.ts";

const podCidrs = ["10.1.0.0/16", "fd00::/64"];
const render = (world: PolicyWorld) => renderPolicies(isolations(world), { table: "t", bridge: "t0", podCidrs });
/** Of some pods of these tests: the same of the other family. */
const addressesBeside = (address: string): { ip: string }[] =>
  /^10\.1\.0\.[013]$/.test(address) ? [{ ip: address.replace("10.1.0.", "fd00::") }] : [];
const namespace = (name: string, labels = {}): Namespace => ({ metadata: { name, labels } });
const pod = (
  address: string,
  more: { namespace?: string; labels?: object; spec?: object; status?: object } = {},
): Pod =>
  ({
    metadata: { name: `p-${address}`, namespace: more.namespace ?? "a", labels: more.labels },
    spec: { containers: [], ...more.spec },
    status: { podIP: address, podIPs: [{ ip: address }, ...addressesBeside(address)], ...more.status },
  }) as Pod;
const policy = (spec: object, inNamespace = "a"): NetworkPolicy => ({
  metadata: { name: "p", namespace: inNamespace },
  spec: { podSelector: {}, ...spec },
});

test("without a policy there are no rules", () => {
  const rules = render({ policies: [], pods: [pod("10.1.0.1")], namespaces: [namespace("a")] });
  assert.equal(rules, "table inet t\ndelete table inet t\n");
});

test("one policy in both directions", () => {
  const http = { name: "http", containerPort: 8080 };
  const web = pod("10.1.0.7", { labels: { app: "web" }, spec: { containers: [{ name: "c", ports: [http] }] } });
  const spec = {
    podSelector: { matchLabels: { app: "web" } },
    ingress: [
      { from: [{ podSelector: {} }], ports: [{ port: "http" }, { port: 100, endPort: 200 }, { port: 150 }] },
      { from: [{ ipBlock: { cidr: "192.0.2.0/24", except: ["192.0.2.7/32"] } }] },
    ],
    egress: [{ ports: [{ protocol: "UDP", port: 53 }] }],
  };
  const rules = render({ policies: [policy(spec)], pods: [web, pod("10.1.0.2")], namespaces: [namespace("a")] });
  const body = rules.split("\n").filter((line) => line.startsWith("    ") && !line.includes("elements"));
  assert.deepEqual(
    body.map((line) => line.trim()).filter((line) => /return|drop/.test(line)),
    [
      "ip saddr { 10.1.0.2, 10.1.0.7 } tcp dport { 100-200, 8080 } return",
      "ip saddr 192.0.2.0/24 ip saddr != 192.0.2.7/32 return",
      "drop",
      "udp dport { 53 } return",
      "drop",
      'iifname "t0" oifname "t0" ip6 saddr != fd00::/64 drop',
      'iifname "t0" oifname "t0" ip6 daddr != fd00::/64 drop',
    ],
  );
  assert.match(rules, /10\.1\.0\.7 comment "a\/p-10\.1\.0\.7" : jump allow_/);
});

test("an address belongs to the youngest of those that claim it, and to none that has ended", () => {
  const at = (creationTimestamp: string, name: string, status = {}) => {
    const { metadata, ...rest } = pod("10.1.0.1", { status });
    return { ...rest, metadata: { ...metadata, name, creationTimestamp } };
  };
  const pods = [
    at("2026-01-02T00:00:00Z", "young"),
    at("2026-01-01T00:00:00Z", "old"),
    at("2026-01-03T00:00:00Z", "ended", { phase: "Failed" }),
  ];
  const found = isolations({ policies: [policy({})], pods, namespaces: [] });
  assert.deepEqual(
    found.map(({ pod: owner, address }) => [owner, address]),
    [
      ["a/young", "10.1.0.1"],
      ["a/young", "fd00::1"],
    ],
  );
});

test("whatever pods and policies call themselves, only names and addresses reach the rules", () => {
  const hostile = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(hostile, hostile, hostile, (name, cidr, address) => {
      const strange = { ...pod("10.1.0.1"), metadata: { name, namespace: "a" } };
      const ingress = [{ from: [{ ipBlock: { cidr, except: [cidr] } }], ports: [{ port: name }] }];
      const world = { policies: [policy({ ingress })], pods: [strange, pod(address)], namespaces: [] };
      assert.match(render(world), /^[\w\s./:;?{}"@,!=-]*$/);
    }),
  );
});

const labels = fc.dictionary(fc.constantFrom("app", "tier"), fc.constantFrom("x", "y"), { maxKeys: 2 });
const selector = fc.oneof(
  fc.record({ matchLabels: labels }),
  fc.record({
    matchExpressions: fc.array(
      fc.oneof(
        fc.record({
          key: fc.constantFrom("app", "tier"),
          operator: fc.constantFrom("In", "NotIn"),
          values: fc.array(fc.constantFrom("x", "y"), { minLength: 1, maxLength: 2 }),
        }),
        fc.record({ key: fc.constantFrom("app", "tier"), operator: fc.constantFrom("Exists", "DoesNotExist") }),
      ),
      { maxLength: 2 },
    ),
  }),
);
const cidr = fc.constantFrom(
  "10.1.0.0/16",
  "10.1.0.0/30",
  "10.1.0.2/31",
  "192.0.2.0/24",
  "0.0.0.0/0",
  "fd00::/127",
  "::/0",
);
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.record({
    ipBlock: fc.record(
      { cidr, except: fc.array(fc.constantFrom("10.1.0.1/32", "10.1.0.0/31", "fd00::1/128"), { maxLength: 2 }) },
      { requiredKeys: ["cidr"] },
    ),
  }),
);
const protocol = fc.constantFrom("TCP", "UDP", "SCTP");
const port = fc.oneof(
  fc.record({ protocol, port: fc.constantFrom(80, 443, "http", "dns") }, { requiredKeys: [] }),
  fc.record(
    { protocol, port: fc.constant(80), endPort: fc.constantFrom(80, 100, 443) },
    { requiredKeys: ["port", "endPort"] },
  ),
);
const ports = fc.array(port, { maxLength: 3 });
const peers = fc.array(peer, { maxLength: 3 });
const types = fc.constantFrom(undefined, ["Ingress"], ["Egress"], ["Ingress", "Egress"]);
const policies = fc.array(
  fc
    .record({
      namespace: fc.constantFrom("a", "b"),
      podSelector: selector,
      policyTypes: types,
      ingress: fc.array(fc.record({ from: peers, ports }, { requiredKeys: [] }), { maxLength: 2 }),
      egress: fc.array(fc.record({ to: peers, ports }, { requiredKeys: [] }), { maxLength: 2 }),
    })
    .map(({ namespace: inNamespace, ...spec }) => policy(spec, inNamespace)),
  { minLength: 1, maxLength: 4 },
);
const addresses = ["10.1.0.0", "10.1.0.1", "10.1.0.2", "10.1.0.3"];
const containerPort = fc.record(
  { name: fc.constantFrom("http", "dns"), protocol, containerPort: fc.constantFrom(80, 443, 8080) },
  { requiredKeys: ["name", "containerPort"] },
);
const pods = fc.tuple(
  ...addresses.map((address) =>
    fc
      .record({
        namespace: fc.constantFrom("a", "b"),
        labels,
        ports: fc.array(containerPort, { maxLength: 2 }),
        hostNetwork: fc.boolean(),
        phase: fc.constantFrom("Running", "Running", "Running", "Succeeded"),
      })
      .map(({ ports: named, hostNetwork, phase, ...more }) =>
        pod(address, {
          ...more,
          spec: { hostNetwork: hostNetwork && address === "10.1.0.3", containers: [{ name: "c", ports: named }] },
          status: { phase },
        }),
      ),
  ),
);
const worlds = fc
  .record({ policies, pods, a: labels, b: labels })
  .map(({ a, b, ...world }): PolicyWorld => ({ ...world, namespaces: [namespace("a", a), namespace("b", b)] }));

/** Every pair of addresses, also such as no pod has, and every port that a policy may name. */
const ends = [
  [...addresses, "192.0.2.9"],
  ["fd00::0", "fd00::1", "fd00::3", "fd00::9"],
];
const packets: Packet[] = ends.flatMap((family) =>
  family.flatMap((source) =>
    family.flatMap((destination) =>
      (["tcp", "udp", "sctp"] as const).flatMap((each) =>
        [80, 81, 443, 8080].map((number) => ({ source, destination, protocol: each, port: number })),
      ),
    ),
  ),
);

test("where pods have IPv4 alone, no IPv6 passes the bridge", () => {
  const world = { policies: [policy({})], pods: [pod("10.1.0.2")], namespaces: [namespace("a")] };
  const rules = renderPolicies(isolations(world), { table: "t", bridge: "t0", podCidrs: ["10.1.0.0/16"] });
  assert.match(rules, /iifname "t0" oifname "t0" meta nfproto ipv6 drop/);
  assert.doesNotMatch(rules, /ip6|ipv6_addr/);
});

test("the rules let pass what Kubernetes says, and nothing else", () => {
  const outcomes = { passed: 0, dropped: 0 };
  fc.assert(
    fc.property(worlds, (world) => {
      const rules = render(world);
      for (const packet of packets) {
        const expected = mayPass(world, packet);
        outcomes[expected ? "passed" : "dropped"] += 1;
        assert.equal(passes(rules, packet), expected, `${JSON.stringify(packet)}\n${rules}`);
      }
    }),
    { numRuns: 100 },
  );
  assert.ok(outcomes.passed > 500 && outcomes.dropped > 500, JSON.stringify(outcomes));
});
