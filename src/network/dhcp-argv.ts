/**
 * The command line of the DHCP answerer of one pod: a dnsmasq that serves one address to one MAC address, answers no
 * DNS, reads no file and writes only its pid.
 *
 * Its `--pid-file` is also its name: an agent that starts anew finds it in /proc by this argument and the inode of
 * its network namespace, and adopts it. Every argument that decides an answer is in the command line, so a
 * difference between this list and /proc/PID/cmdline is exactly the need for a restart.
 */
import { type GuestSubnet, netmask } from "./guest-subnet.ts";
import type { Resolver } from "./resolv-conf.ts";

/** Of the one guest behind a bridge. */
export interface DhcpNetwork {
  bridge: string;
  guestMac: string;
  guestAddress: string;
  prefixLength: number;
  mtu: number;
  routerAddress: string | undefined;
  /** By DHCPv6; the route is advertised. */
  ipv6?: GuestSubnet;
  /** The bridge has no address of the guest's network. */
  foreign?: boolean;
}

export interface DhcpAnswers {
  network: DhcpNetwork;
  resolver: Resolver;
  hostname: string | undefined;
  extraOptions?: readonly DhcpOption[];
  pidFile: string;
}

/**
 * Of some options dnsmasq knows that they are texts: it takes whatever follows the code as it is. Other texts go out byte by byte, so that
 * none of them means anything to it.
 */
export interface DhcpOption {
  code: number;
  value: { knownText: string } | { text: string } | { addresses: readonly string[] };
}

/** What names a host or a domain; a comma or a line break in one would be another option of dnsmasq. */
const domainPattern = /^[A-Za-z0-9_]([\w.-]*[A-Za-z0-9_])?$/;

export function dhcpArgv(answers: DhcpAnswers): string[] {
  const { network, resolver, hostname, pidFile } = answers;
  const { ipv6 } = network;
  const addresses = [network.guestAddress, ...(ipv6 ? [`[${ipv6.guestAddress}]`] : [])];
  const host = [network.guestMac, ...addresses, ...(isDomain(hostname) ? [hostname] : []), "infinite"].join(",");
  return [
    "dnsmasq",
    `--pid-file=${pidFile}`,
    "--conf-file=/dev/null",
    "--port=0",
    "--no-hosts",
    "--no-resolv",
    "--no-ping",
    "--leasefile-ro",
    "--dhcp-authoritative",
    "--user=nobody",
    "--group=nogroup",
    "--quiet-dhcp",
    "--bind-interfaces",
    `--interface=${network.bridge}`,
    "--except-interface=lo",
    ...(network.foreign ? [`--shared-network=${network.bridge},${network.guestAddress}`] : []),
    `--dhcp-range=${network.guestAddress},static,${netmask(network.prefixLength)},infinite`,
    ...(ipv6 ? ["--enable-ra", `--dhcp-range=${ipv6.guestAddress},static,${ipv6.prefixLength},infinite`] : []),
    `--dhcp-host=${host}`,
    ...[...options(network, resolver), ...(ipv6 ? options6(resolver) : [])].map(
      (option) => `--dhcp-option-force=${option}`,
    ),
    ...(answers.extraOptions ?? []).map((option) => `--dhcp-option-force=${extraOption(option)}`),
  ];
}

function options(network: DhcpNetwork, resolver: Resolver): string[] {
  const searchDomains = resolver.searchDomains.filter(isDomain);
  const domain = searchDomains[0];
  return [
    // Without a value the option is not sent, which dnsmasq would by itself.
    network.routerAddress === undefined ? "option:router" : `option:router,${network.routerAddress}`,
    `option:mtu,${network.mtu}`,
    ...(resolver.servers.length > 0 ? [`option:dns-server,${resolver.servers.join(",")}`] : []),
    ...(domain ? [`option:domain-name,${domain}`] : []),
    ...(domain ? [`option:domain-search,${searchDomains.join(",")}`] : []),
  ];
}

function options6({ servers6, searchDomains }: Resolver): string[] {
  const domains = searchDomains.filter(isDomain);
  return [
    ...(servers6.length > 0 ? [`option6:dns-server,${servers6.map((server) => `[${server}]`).join(",")}`] : []),
    ...(domains.length > 0 ? [`option6:domain-search,${domains.join(",")}`] : []),
  ];
}

/** dnsmasq takes `61:62` for bytes, and a lone number for one byte of that value. */
function extraOption({ code, value }: DhcpOption): string {
  if ("addresses" in value) return [code, ...value.addresses].join(",");
  if ("knownText" in value) return `${code},${value.knownText}`;
  const bytes = [...Buffer.from(value.text)];
  const [only] = bytes;
  if (bytes.length === 1) return `${code},${only}`;
  return `${code},${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`;
}

function isDomain(text: string | undefined): text is string {
  return text !== undefined && domainPattern.test(text);
}
