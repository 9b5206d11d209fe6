/**
 * The nftables table of one instance, as text for `nft -f -`.
 *
 *   prerouting ─┐                      ┌─ no backend: reject (filter hooks)
 *   output ─────┴─> services (vmap) ───┴─> svc_N: pick a backend ─> dnat
 *   postrouting: masquerade what a pod sends to itself through a Service, or the answer would not come back here
 *
 * The whole table is replaced in one transaction, so a packet sees either the old rules or the new ones;
 * connections that exist already are in conntrack and do not look here again. What pods send out of the cluster is
 * masqueraded by the kubelet's table.
 */
import { renderStickySets, type StickyClients, stickySetName } from "./affinity.ts";
import type { IpFamily } from "../../base/ip-network.ts";
import type { Backend, ServicePort } from "./service-ports.ts";

export interface RulesetOptions {
  /** Name of the table: the instance's name. */
  table: string;
  /** The networks of the pods, one for each family that they have. */
  podCidrs: readonly string[];
  /**
   * Whether the kernel shows bridged packets to this table. Without it the answer of a pod on the same bridge would
   * bypass address translation, so Service traffic between pods is masqueraded too (and loses its source address).
   */
  bridgeSeen: boolean;
  /** What the sets of the table that is replaced hold. */
  clients?: StickyClients;
}

/** What differs between the families. Each has its maps, and its rules in the chains that both share. */
interface Family {
  family: IpFamily;
  /** Of a packet, as nft calls it. */
  field: "ip" | "ip6";
  /** Type of an address. */
  type: string;
  loopback: string;
  suffix: string;
  podCidr: string;
}

/** What nft takes. */
const longestComment = 128;

export function renderRuleset(all: readonly ServicePort[], options: RulesetOptions): string {
  const { table, podCidrs, clients = new Map() } = options;
  const names = podCidrs.map(familyOfCidr);
  const ports = all.filter(({ family }) => names.some((each) => each.family === family));
  const served = ports.filter((port) => port.backends.length > 0);
  const chains = new Map(served.map((port, index) => [port, `svc_${index}`]));
  const each = (render: (family: Family) => string): string => names.map(render).join("");
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
${served.map((port, index) => renderStickySets(port, clients) + serviceChain(port, index)).join("")}
${each((family) => maps(family, ports, chains))}  chain dispatch {
${each(dispatch)}  }
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
${each((family) => `    ct status dnat ${comesBack(family, options.bridgeSeen)} masquerade\n`)}  }
  chain refuse {
${each(refuse)}  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    jump refuse
  }
  chain local_out {
    type filter hook output priority filter; policy accept;
    jump refuse
  }
}
`;
}

function familyOfCidr(podCidr: string): Family {
  if (podCidr.includes(":"))
    return { family: "IPv6", field: "ip6", type: "ipv6_addr", loopback: "::1", suffix: "6", podCidr };
  return { family: "IPv4", field: "ip", type: "ipv4_addr", loopback: "127.0.0.0/8", suffix: "", podCidr };
}

function maps(
  { family, type, suffix }: Family,
  all: readonly ServicePort[],
  chains: ReadonlyMap<ServicePort, string>,
): string {
  const ports = all.filter((port) => port.family === family);
  const served = ports.flatMap((port) => {
    const chain = chains.get(port);
    return chain === undefined ? [] : [{ ...port, chain }];
  });
  const empty = ports.filter((port) => !chains.has(port));
  const loops = ports.flatMap(({ backends }) => backends.map(({ address }) => `${address} . ${address}`));
  return `  map services${suffix} {
    type ${type} . inet_proto . inet_service : verdict
${elements(served.flatMap(({ addresses, protocol, port, chain }) => addresses.map((address) => `${address} . ${protocol} . ${port} : goto ${chain}`)))}  }
  map nodeports${suffix} {
    type inet_proto . inet_service : verdict
${elements(served.flatMap(({ protocol, nodePort, chain }) => (nodePort ? [`${protocol} . ${nodePort} : goto ${chain}`] : [])))}  }
  set unserved${suffix} {
    type ${type} . inet_proto . inet_service
${elements(empty.flatMap((port) => port.addresses.map((address) => `${address} . ${port.protocol} . ${port.port}`)))}  }
  set loops${suffix} {
    type ${type} . ${type}
${elements(loops.sort())}  }
`;
}

function dispatch({ field, loopback, suffix }: Family): string {
  return `    ${field} daddr . meta l4proto . th dport vmap @services${suffix}
    fib daddr type local ${field} daddr != ${loopback} meta l4proto . th dport vmap @nodeports${suffix}
`;
}

function comesBack({ field, suffix, podCidr }: Family, bridgeSeen: boolean): string {
  return bridgeSeen
    ? `${field} saddr . ${field} daddr @loops${suffix}`
    : `${field} saddr ${podCidr} ${field} daddr ${podCidr}`;
}

function refuse({ field, suffix }: Family): string {
  return `    ${field} daddr . meta l4proto . th dport @unserved${suffix} meta l4proto tcp reject with tcp reset
    ${field} daddr . meta l4proto . th dport @unserved${suffix} reject
`;
}

export function renderTeardown(table: string): string {
  return `table inet ${table}\ndelete table inet ${table}\n`;
}

function serviceChain(port: ServicePort, index: number): string {
  const { backends } = port;
  const isSticky = port.affinitySeconds !== undefined;
  const rules = isSticky
    ? [...backends.map((backend) => stickyRule(port, backend)), `goto pick_${index}`]
    : [pickRule(port)];
  const pick = isSticky ? affinityPick(port, index) : "";
  return `${pick}  chain svc_${index} { comment "${port.id.slice(0, longestComment)}"
${rules.map((rule) => `    ${rule}\n`).join("")}  }
`;
}

function pickRule({ family, backends }: ServicePort): string {
  const [only] = backends;
  if (only && backends.length === 1) return dnatTo(family, only);
  const choices = backends.map(({ address, port }, n) => `${n} : ${address} . ${port}`).join(", ");
  return `meta l4proto { tcp, udp } dnat ${fieldOf(family)} to numgen random mod ${backends.length} map { ${choices} }`;
}

function dnatTo(family: IpFamily, { address, port }: Backend): string {
  const target = family === "IPv6" ? `[${address}]` : address;
  return `meta l4proto { tcp, udp } dnat ${fieldOf(family)} to ${target}:${port}`;
}

function fieldOf(family: IpFamily): string {
  return family === "IPv6" ? "ip6" : "ip";
}

/** The backend that has the client in its set keeps it; seeing the client again prolongs that. */
function stickyRule(port: ServicePort, backend: Backend): string {
  const set = `@${stickySetName(port, backend)}`;
  const field = fieldOf(port.family);
  return `${field} saddr ${set} update ${set} { ${field} saddr } ${dnatTo(port.family, backend)}`;
}

function affinityPick(port: ServicePort, index: number): string {
  const { backends } = port;
  const chains = backends.map(
    (backend, n) => `  chain stick_${index}_${n} {
    update @${stickySetName(port, backend)} { ${fieldOf(port.family)} saddr }
    ${dnatTo(port.family, backend)}
  }
`,
  );
  const choices = backends.map((_, n) => `${n} : goto stick_${index}_${n}`).join(", ");
  return `${chains.join("")}  chain pick_${index} {
    numgen random mod ${backends.length} vmap { ${choices} }
  }
`;
}

/** Two Services that claim one address and port: the first has it, as one element twice would void all rules. */
function elements(entries: readonly string[]): string {
  const byKey = Map.groupBy(entries, (entry) => entry.split(" : ")[0]);
  const distinct = [...byKey.values()].map(([first]) => first);
  return distinct.length === 0 ? "" : `    elements = { ${distinct.join(",\n      ")} }\n`;
}
