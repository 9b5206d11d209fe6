/**
 * The nftables table of one instance, as text for `nft -f -`.
 *
 *   prerouting ─┐                      ┌─ no backend: reject (filter hooks)
 *   output ─────┴─> services (vmap) ───┴─> svc_N: pick a backend ─> dnat
 *   postrouting: masquerade what leaves the pod network, and what a pod sends to itself through a Service
 *
 * The whole table is replaced in one transaction, so a packet sees either the old rules or the new ones;
 * connections that exist already are in conntrack and do not look here again.
 */
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
}

export function renderRuleset(ports: readonly ServicePort[], options: RulesetOptions): string {
  const { table, podCidr } = options;
  const served = ports.filter((port) => port.backends.length > 0);
  const empty = ports.filter((port) => port.backends.length === 0);
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
${served.map((port, index) => affinityMap(port, index) + serviceChain(port, index)).join("")}
  map services {
    type ipv4_addr . inet_proto . inet_service : verdict
${elements(served.flatMap((port, index) => port.addresses.map((address) => `${address} . ${port.protocol} . ${port.port} : goto svc_${index}`)))}  }
  map nodeports {
    type inet_proto . inet_service : verdict
${elements(served.flatMap((port, index) => (port.nodePort ? [`${port.protocol} . ${port.nodePort} : goto svc_${index}`] : [])))}  }
  set unserved {
    type ipv4_addr . inet_proto . inet_service
${elements(empty.flatMap((port) => port.addresses.map((address) => `${address} . ${port.protocol} . ${port.port}`)))}  }
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
    ct status dnat ip saddr ${podCidr} ip daddr ${podCidr} ${options.bridgeSeen ? "meta mark & 0x4000 == 0x4000 " : ""}masquerade
    ip saddr ${podCidr} ip daddr != { ${podCidr}, 224.0.0.0/4 } masquerade
  }
  chain refuse {
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
  const kept = port.affinitySeconds === undefined ? [] : backends.map((backend) => stickyRule(port, backend, index));
  const hairpins = backends.map(({ address }) => `ip saddr ${address} meta mark set meta mark | 0x4000`);
  const remember = port.affinitySeconds === undefined ? [] : [`jump pick_${index}`];
  const choose = remember.length > 0 ? [] : [pickRule(port)];
  const rules = [...hairpins, ...kept, ...remember, ...choose];
  const pick = remember.length > 0 ? affinityPick(port, index) : "";
  return `${pick}  chain svc_${index} { comment "${port.id}"
${rules.map((rule) => `    ${rule}\n`).join("")}  }
`;
}

function pickRule({ backends }: ServicePort): string {
  const [only] = backends;
  if (only && backends.length === 1) return `meta l4proto { tcp, udp } dnat ip to ${only.address}:${only.port}`;
  const choices = backends.map(({ address, port }, n) => `${n} : ${address} . ${port}`).join(", ");
  return `meta l4proto { tcp, udp } dnat ip to numgen random mod ${backends.length} map { ${choices} }`;
}

/** One set per backend holds the clients that it serves; the first match wins. */
function affinityMap({ affinitySeconds, backends }: ServicePort, index: number): string {
  if (affinitySeconds === undefined) return "";
  return backends
    .map(
      (_, n) => `  set sticky_${index}_${n} { type ipv4_addr; timeout ${affinitySeconds}s; flags dynamic,timeout; }\n`,
    )
    .join("");
}

function stickyRule(port: ServicePort, backend: Backend, index: number): string {
  const set = `@sticky_${index}_${port.backends.indexOf(backend)}`;
  return `ip saddr ${set} update ${set} { ip saddr } meta l4proto { tcp, udp } dnat ip to ${backend.address}:${backend.port}`;
}

function affinityPick(port: ServicePort, index: number): string {
  const { backends } = port;
  const chains = backends.map(
    ({ address, port: target }, n) => `  chain stick_${index}_${n} {
    update @sticky_${index}_${n} { ip saddr }
    meta l4proto { tcp, udp } dnat ip to ${address}:${target}
  }
`,
  );
  const choices = backends.map((_, n) => `${n} : goto stick_${index}_${n}`).join(", ");
  return `${chains.join("")}  chain pick_${index} {
    numgen random mod ${backends.length} vmap { ${choices} }
  }
`;
}

function elements(entries: readonly string[]): string {
  return entries.length === 0 ? "" : `    elements = { ${entries.join(",\n      ")} }\n`;
}
