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
 * Pods of one bridge meet on it; src/network/pod-bridge.ts makes it show its packets here. IPv6 would pass unjudged, and
 * pods have no such addresses but those that they give themselves: as soon as one pod is isolated, it does not pass the bridge.
 */
import { createHash } from "node:crypto";
import type { Direction, Isolation, Opening, Peers, PortRange, Protocol } from "./isolation.ts";

export interface PolicyRulesetOptions {
  /** Name of the table. */
  table: string;
  /** The bridge of the pods. */
  bridge: string;
}

/** What nft takes. */
const longestComment = 128;

export function renderPolicies(isolations: readonly Isolation[], { table, bridge }: PolicyRulesetOptions): string {
  const removal = removePolicies(table);
  if (isolations.length === 0) return removal;
  const chains = new Map(isolations.map((isolation) => [chainName(isolation), chainBody(isolation)]));
  return `${removal}table inet ${table} {
${[...chains].map(([name, body]) => `  chain ${name} {\n${body}  }\n`).join("")}
${itself(isolations)}${verdicts("egress", isolations)}${verdicts("ingress", isolations)}
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct direction reply accept
    ct state related accept
    iifname "${bridge}" oifname "${bridge}" meta nfproto ipv6 drop
    ip saddr . ip daddr @itself accept
    ip saddr vmap @egress
    ip daddr vmap @ingress
  }
}
`;
}

/** Declaring before deleting makes the deletion valid whether or not the table is there. */
export function removePolicies(table: string): string {
  return `table inet ${table}\ndelete table inet ${table}\n`;
}

function itself(isolations: readonly Isolation[]): string {
  const pairs = new Set(isolations.map(({ address }) => `${address} . ${address}`));
  return `  set itself {
    type ipv4_addr . ipv4_addr
    elements = { ${[...pairs].join(",\n      ")} }
  }
`;
}

function verdicts(direction: Direction, isolations: readonly Isolation[]): string {
  const elements = isolations
    .filter((isolation) => isolation.direction === direction)
    .map((isolation) => {
      const comment = isolation.pod.replaceAll(/[^\w./-]/g, "?").slice(0, longestComment);
      return `${isolation.address} comment "${comment}" : jump ${chainName(isolation)}`;
    });
  return `  map ${direction} {
    type ipv4_addr : verdict
${elements.length === 0 ? "" : `    elements = { ${elements.join(",\n      ")} }\n`}  }
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
  const from = peerMatch(peers, direction === "ingress" ? "ip saddr" : "ip daddr");
  if (from === undefined) return [];
  return portMatches(ports).map((to) => [from, to, "return"].filter((part) => part !== "").join(" "));
}

/** Undefined when it is nobody. */
function peerMatch(peers: Peers, field: string): string | undefined {
  if (peers.type === "anyone") return "";
  if (peers.type === "addresses")
    return peers.addresses.length === 0 ? undefined : `${field} { ${peers.addresses.toSorted().join(", ")} }`;
  // One by one: a set takes no networks that overlap.
  return [`${field} ${peers.cidr}`, ...peers.except.map((each) => `${field} != ${each}`)].join(" ");
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
