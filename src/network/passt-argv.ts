/**
 * The command line of passt, which takes what the guest sends for the pod's own: the guest has the pod's addresses, told by passt's DHCP, and
 * what it does becomes sockets of a process in the pod. Pure.
 *
 *                pod network namespace
 *   network ──── eth0 ◀── sockets ── passt ══ a connected socket ══ guest (netdev of QEMU)
 */
import type { PortForward } from "./pod-network.ts";
import { formatPortRange, joinedRanges } from "./port-ranges.ts";
import type { Resolver } from "./resolv-conf.ts";

export interface PasstNetwork {
  uplink: string;
  mtu: number;
  /** Only these ports reach the guest; empty means all. */
  ports: readonly PortForward[];
}

export interface PasstAnswers {
  network: PasstNetwork;
  resolver: Resolver;
  /** Told to the guest. */
  hostname?: string | undefined;
}

/** Where the process finds the socket that leads to QEMU. */
export const passtSocket = 3;

/** Of everybody in the guest's network but the guest. */
export const passtMac = "9a:55:9a:55:9a:55";

/** @param directory with passt, the loader and the library that it needs (images/launcher/later.ts) */
export function passtArgv(directory: string, { network, resolver, hostname }: PasstAnswers): string[] {
  const { uplink, mtu, ports } = network;
  const servers = [...resolver.servers, ...resolver.servers6];
  return [
    ...[`${directory}/ld.so`, "--library-path", directory, `${directory}/passt`],
    ...["--fd", String(passtSocket)],
    ...["--interface", uplink],
    ...["--mtu", String(mtu)],
    ...["--mac-addr", passtMac],
    // The gateway is the gateway, not another name of the pod.
    "--no-map-gw",
    ...(hostname ? ["--hostname", hostname] : []),
    ...(servers.length > 0 ? servers.flatMap((server) => ["--dns", server]) : ["--no-dhcp-dns"]),
    ...(resolver.searchDomains.length > 0 ? ["--search", resolver.searchDomains.join(" ")] : ["--no-dhcp-search"]),
    ...["--tcp-ports", portsOf("TCP", ports)],
    ...["--udp-ports", portsOf("UDP", ports)],
  ];
}

/** It is called by its loader. */
export function isPasst(argv: readonly string[]): boolean {
  const [loader = "", , , program = ""] = argv;
  return loader.endsWith("/ld.so") && program.endsWith("/passt");
}

function portsOf(protocol: "TCP" | "UDP", ports: readonly PortForward[]): string {
  if (ports.length === 0) return "all";
  const ranges = joinedRanges(ports.filter((port) => port.protocol === protocol));
  return ranges.length === 0 ? "none" : ranges.map(formatPortRange).join(",");
}
