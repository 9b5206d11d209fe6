/** What is in a network namespace, as read from `ip -json`, `nft -j` and two sysctls in one process. */
import { exec } from "../base/exec.ts";
import type { ObservedBridged } from "./bridged-network.ts";
import { names } from "./pod-network.ts";

export interface ObservedLink {
  name: string;
  kind: string | undefined;
  mtu: number;
  mac: string;
  up: boolean;
  master: string | undefined;
  /** `ADDRESS/PREFIX`, IPv4 and IPv6. */
  addresses: string[];
  /** Taps only: the user's number. */
  owner: number | undefined;
  multiqueue: boolean;
  alias?: string | undefined;
}

export interface ObservedNetwork {
  links: ObservedLink[];
  /** Chains of our tables, one for each family. */
  chains: string[];
  forwarding: boolean;
  /** The same for IPv6. */
  forwarding6: boolean;
  /** The bridge passes packets of 127.0.0.0/8. */
  localnet: boolean;
}

const script = [
  "ip -json -details address show",
  "nft -j list chains",
  "cat /proc/sys/net/ipv4/ip_forward",
  `cat /proc/sys/net/ipv4/conf/${names.bridge}/route_localnet 2>/dev/null || echo 0`,
  "cat /proc/sys/net/ipv6/conf/all/forwarding 2>/dev/null || echo 0",
].join("; ");

export async function observeNetwork(netnsPath: string, signal?: AbortSignal): Promise<ObservedNetwork> {
  const output = await inside(netnsPath, script, signal);
  return parseObservation(output, await numbersOf(output, signal));
}

export async function observeBridged(
  netnsPath: string,
  uplink: string,
  signal?: AbortSignal,
): Promise<ObservedBridged> {
  const routes = `ip -json route show default dev ${uplink} 2>/dev/null || echo '[]'`;
  const output = await inside(netnsPath, `ip -json -details address show; ${routes}`, signal);
  const [links = "[]", found = "[]"] = output.trim().split("\n");
  const numbers = await numbersOf(output, signal);
  const [route] = JSON.parse(found) as { gateway?: string }[];
  return { links: (JSON.parse(links) as IpLink[]).map((link) => parseLink(link, numbers)), gateway: route?.gateway };
}

function inside(netnsPath: string, shell: string, signal: AbortSignal | undefined): Promise<string> {
  return exec(["nsenter", `--net=${netnsPath}`, "sh", "-ec", shell], { signal, timeoutMs: 10_000 });
}

async function numbersOf(output: string, signal: AbortSignal | undefined): Promise<Map<string, number>> {
  const numbers = new Map<string, number>();
  for (const name of ownerNames(output)) numbers.set(name, Number(await exec(["id", "-u", name], { signal })));
  return numbers;
}

/** Whatever one asks of it, `ip` shows users that have a name by that name. */
export function ownerNames(output: string): string[] {
  const links = JSON.parse(output.trim().split("\n")[0] ?? "[]") as IpLink[];
  const users = links.map(({ linkinfo }) => linkinfo?.info_data?.user);
  return [...new Set(users.filter((user) => typeof user === "string"))];
}

interface IpLink {
  ifname: string;
  mtu: number;
  address?: string;
  flags: string[];
  master?: string;
  ifalias?: string;
  linkinfo?: { info_kind?: string; info_data?: { user?: number | string; multi_queue?: boolean } };
  addr_info: { local: string; prefixlen: number }[];
}

interface NftListing {
  nftables: { chain?: { family: string; table: string; name: string } }[];
}

export function parseObservation(output: string, numbers: ReadonlyMap<string, number>): ObservedNetwork {
  const [links = "[]", chains = "{}", forwarding, localnet, forwarding6] = output.trim().split("\n");
  return {
    links: (JSON.parse(links) as IpLink[]).map((link) => parseLink(link, numbers)),
    chains: (JSON.parse(chains) as NftListing).nftables.flatMap(({ chain }) =>
      chain?.table === names.table && ["ip", "ip6"].includes(chain.family) ? [chain.name] : [],
    ),
    forwarding: forwarding === "1",
    forwarding6: forwarding6 === "1",
    localnet: localnet === "1",
  };
}

function parseLink(link: IpLink, numbers: ReadonlyMap<string, number>): ObservedLink {
  const user = link.linkinfo?.info_data?.user;
  return {
    name: link.ifname,
    kind: link.linkinfo?.info_kind,
    mtu: link.mtu,
    mac: link.address ?? "",
    up: link.flags.includes("UP"),
    master: link.master,
    addresses: link.addr_info.map((address) => `${address.local}/${address.prefixlen}`),
    owner: typeof user === "string" ? numbers.get(user) : user,
    multiqueue: link.linkinfo?.info_data?.multi_queue ?? false,
    ...(link.ifalias !== undefined && { alias: link.ifalias }),
  };
}
