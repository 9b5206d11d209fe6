/**
 * The nftables table of the policies, as text for `nft -f -`; replaced as a whole, as that of the Services.
 *
 *   forward ──┬─ an answer, or about one that passed: accept
 *             ├─ a pod and itself: accept
 *             ├─ by source      ──> allow_X of its egress:   return what is allowed, drop the rest
 *             └─ by destination ──> allow_Y of its ingress:  the same; both must let it through
 *
 * Only `forward` is looked at: the host reaches its pods, for their probes, and they reach it, for DNS and the API.
 * Service addresses are pods' addresses by then. Each packet of the side that began a connection is judged, not the
 * first alone, so a policy counts at once also for connections that are open.
 *
 * Pods of one bridge meet on it; src/network/pod-bridge.ts makes it show its packets here. By IPv6 they have further addresses,
 * which the kernel or they themselves make: as soon as one pod is isolated, nothing but what finds a neighbour passes the bridge by those.
 */
import { createHash } from "node:crypto";
import { familyOf, familyOfNetwork, type IpFamily } from "../../base/ip-network.ts";
import type { Direction, Isolation, Opening, Peers, PortRange, Protocol } from "./isolation.ts";

export interface PolicyRulesetOptions {
  /** Name of the table. */
  table: string;
  /** The bridge of the pods. */
  bridge: string;
  /** The networks of the pods, one for each family that they have. */
  podCidrs: readonly string[];
}

/** What nft takes. */
const longestComment = 128;

export function renderPolicies(
  isolations: readonly Isolation[],
  { table, bridge, podCidrs }: PolicyRulesetOptions,
): string {
  const removal = removePolicies(table);
  if (isolations.length === 0) return removal;
  const judged = familyNames.filter(({ family }) => podCidrs.some((cidr) => familyOfNetwork(cidr) === family));
  const chains = new Map(isolations.map((isolation) => [chainName(isolation), chainBody(isolation)]));
  return `${removal}table inet ${table} {
${[...chains].map(([name, body]) => `  chain ${name} {\n${body}  }\n`).join("")}
${judged.map((family) => judgement(family, isolations)).join("")}
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct direction reply accept
    ct state related accept
${onBridge(podCidrs)
  .map((rule) => `    iifname "${bridge}" oifname "${bridge}" ${rule}\n`)
  .join("")}${judged
  .map(
    ({ field, suffix }) => `    ${field} saddr . ${field} daddr @itself${suffix} accept
    ${field} saddr vmap @egress${suffix}
    ${field} daddr vmap @ingress${suffix}
`,
  )
  .join("")}  }
}
`;
}

/** Declaring before deleting makes the deletion valid whether or not the table is there. */
export function removePolicies(table: string): string {
  return `table inet ${table}\ndelete table inet ${table}\n`;
}

interface FamilyNames {
  family: IpFamily;
  /** Of a packet, as nft calls it. */
  field: "ip" | "ip6";
  /** Type of an address. */
  type: string;
  suffix: string;
}

const familyNames: readonly FamilyNames[] = [
  { family: "IPv4", field: "ip", type: "ipv4_addr", suffix: "" },
  { family: "IPv6", field: "ip6", type: "ipv6_addr", suffix: "6" },
];

/** What passes between pods of one bridge whatever addresses they give themselves. */
function onBridge(podCidrs: readonly string[]): string[] {
  const cidr = podCidrs.find((each) => familyOfNetwork(each) === "IPv6");
  if (cidr === undefined) return ["meta nfproto ipv6 drop"];
  return [
    "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
    `ip6 saddr != ${cidr} drop`,
    `ip6 daddr != ${cidr} drop`,
  ];
}

function judgement(names: FamilyNames, all: readonly Isolation[]): string {
  const isolations = all.filter(({ address }) => familyOf(address) === names.family);
  return itself(names, isolations) + verdicts(names, "egress", isolations) + verdicts(names, "ingress", isolations);
}

function itself({ type, suffix }: FamilyNames, isolations: readonly Isolation[]): string {
  const pairs = [...new Set(isolations.map(({ address }) => `${address} . ${address}`))];
  return `  set itself${suffix} {
    type ${type} . ${type}
${elementsOf(pairs)}  }
`;
}

function elementsOf(elements: readonly string[]): string {
  return elements.length === 0 ? "" : `    elements = { ${elements.join(",\n      ")} }\n`;
}

function verdicts({ type, suffix }: FamilyNames, direction: Direction, isolations: readonly Isolation[]): string {
  const elements = isolations
    .filter((isolation) => isolation.direction === direction)
    .map((isolation) => {
      const comment = isolation.pod.replaceAll(/[^\w./-]/g, "?").slice(0, longestComment);
      return `${isolation.address} comment "${comment}" : jump ${chainName(isolation)}`;
    });
  return `  map ${direction}${suffix} {
    type ${type} : verdict
${elementsOf(elements)}  }
`;
}

/** Pods with the same rules share a chain. */
function chainName(isolation: Isolation): string {
  return `allow_${createHash("sha256").update(chainBody(isolation)).digest("hex").slice(0, 16)}`;
}

function chainBody({ direction, openings }: Isolation): string {
  const rules = new Set(openings.flatMap((opening) => allow(opening, direction)));
  return [...rules, "drop"].map((rule) => `    ${rule}\n`).join("");
}

function allow({ peers, ports }: Opening, direction: Direction): string[] {
  const matches = peerMatches(peers, direction === "ingress" ? "saddr" : "daddr");
  return matches.flatMap((from) =>
    portMatches(ports).map((to) => [from, to, "return"].filter((part) => part !== "").join(" ")),
  );
}

/** One for each family; none when it is nobody. */
function peerMatches(peers: Peers, side: "saddr" | "daddr"): string[] {
  if (peers.type === "anyone") return [""];
  return familyNames.flatMap(({ family, field }) => {
    const end = `${field} ${side}`;
    if (peers.type === "addresses") {
      const addresses = peers.addresses.filter((address) => familyOf(address) === family).toSorted();
      return addresses.length === 0 ? [] : [`${end} { ${addresses.join(", ")} }`];
    }
    // One by one: a set takes no networks that overlap.
    const parts = [`${end} ${peers.cidr}`, ...peers.except.map((each) => `${end} != ${each}`)];
    return familyOfNetwork(peers.cidr) === family ? [parts.join(" ")] : [];
  });
}

function portMatches(ports: Opening["ports"]): string[] {
  if (ports === "all") return [""];
  return (["tcp", "udp", "sctp"] as const).flatMap((protocol) => {
    const ranges = joined(ports, protocol);
    return ranges.length === 0 ? [] : [`${protocol} dport { ${ranges.map(rangeText).join(", ")} }`];
  });
}

/** In order; nft takes no set whose intervals overlap. */
function joined(ports: readonly PortRange[], protocol: Protocol): PortRange[] {
  const ranges = ports.filter((port) => port.protocol === protocol && port.first <= port.last);
  const result: PortRange[] = [];
  for (const range of ranges.toSorted((one, other) => one.first - other.first)) {
    const before = result.at(-1);
    if (before !== undefined && range.first <= before.last) before.last = Math.max(before.last, range.last);
    else result.push({ ...range });
  }
  return result;
}

function rangeText({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}
