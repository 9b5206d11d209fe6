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
import type { Backend, ServicePort } from "./service-ports.ts";

export interface RulesetOptions {
  /** Name of the table: the instance's name. */
  table: string;
  podCidr: string;
  /**
   * Whether the kernel shows bridged packets to this table. Without it the answer of a pod on the same bridge would
   * bypass address translation, so Service traffic between pods is masqueraded too (and loses its source address).
   */
  bridgeSeen: boolean;
  /** What the sets of the table that is replaced hold. */
  clients?: StickyClients;
}

/** What nft takes. */
const longestComment = 128;

export function renderRuleset(ports: readonly ServicePort[], options: RulesetOptions): string {
  const { table, podCidr, clients = new Map() } = options;
  const loops = ports.flatMap(({ backends }) => backends.map(({ address }) => `${address} . ${address}`));
  const served = ports.filter((port) => port.backends.length > 0);
  const empty = ports.filter((port) => port.backends.length === 0);
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
${served.map((port, index) => renderStickySets(port, clients) + serviceChain(port, index)).join("")}
  map services {
    type ipv4_addr . inet_proto . inet_service : verdict
${elements(served.flatMap((port, index) => port.addresses.map((address) => `${address} . ${port.protocol} . ${port.port} : goto svc_${index}`)))}  }
  map nodeports {
    type inet_proto . inet_service : verdict
${elements(served.flatMap((port, index) => (port.nodePort ? [`${port.protocol} . ${port.nodePort} : goto svc_${index}`] : [])))}  }
  set unserved {
    type ipv4_addr . inet_proto . inet_service
${elements(empty.flatMap((port) => port.addresses.map((address) => `${address} . ${port.protocol} . ${port.port}`)))}  }
  set loops {
    type ipv4_addr . ipv4_addr
${elements(loops.sort())}  }
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
    ct status dnat ${options.bridgeSeen ? "ip saddr . ip daddr @loops" : `ip saddr ${podCidr} ip daddr ${podCidr}`} masquerade
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

function pickRule({ backends }: ServicePort): string {
  const [only] = backends;
  if (only && backends.length === 1) return `meta l4proto { tcp, udp } dnat ip to ${only.address}:${only.port}`;
  const choices = backends.map(({ address, port }, n) => `${n} : ${address} . ${port}`).join(", ");
  return `meta l4proto { tcp, udp } dnat ip to numgen random mod ${backends.length} map { ${choices} }`;
}

/** The backend that has the client in its set keeps it; seeing the client again prolongs that. */
function stickyRule(port: ServicePort, backend: Backend): string {
  const set = `@${stickySetName(port, backend)}`;
  return `ip saddr ${set} update ${set} { ip saddr } meta l4proto { tcp, udp } dnat ip to ${backend.address}:${backend.port}`;
}

function affinityPick(port: ServicePort, index: number): string {
  const { backends } = port;
  const chains = backends.map(
    (backend, n) => `  chain stick_${index}_${n} {
    update @${stickySetName(port, backend)} { ip saddr }
    meta l4proto { tcp, udp } dnat ip to ${backend.address}:${backend.port}
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
