/** Observes, plans and applies the network of one pod: run again, it changes nothing. */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { familyOf, networkHolds } from "../base/ip-network.ts";
import { type BridgedNetwork, planBridged, planRemoval } from "./bridged-network.ts";
import { applyNetwork } from "./apply-network.ts";
import { type DhcpAnswers, dhcpArgv } from "./dhcp-argv.ts";
import { listDhcpProcesses, namespaceIdentity, startDhcp, stopDhcp, type DhcpProcess } from "./dhcp-process.ts";
import { isEmpty, planNetwork } from "./network-plan.ts";
import { observeBridged, observeNetwork } from "./observed-network.ts";
import type { MasqueradeNetwork, PodLinks } from "./pod-network.ts";

/** The parts of the desired network that the pod itself decides are filled in from what is there. */
export type NetworkRequest = Omit<DhcpAnswers, "network"> & {
  network: Omit<MasqueradeNetwork, "mtu">;
  /** Directories of the cgroups for what runs in the pod's network. */
  cgroups: readonly string[];
};

export async function reconcileNetwork(
  netnsPath: string,
  request: NetworkRequest,
  signal?: AbortSignal,
): Promise<void> {
  const observed = await observeNetwork(netnsPath, signal);
  const uplink = observed.links.find((link) => link.name === request.network.uplink);
  const { ipv6, ...rest } = request.network;
  const hasIpv6 = uplink?.addresses.some(isGlobalIpv6) === true;
  const network: MasqueradeNetwork = { ...rest, ...(ipv6 && hasIpv6 && { ipv6 }), mtu: uplink?.mtu ?? 1500 };
  const plan = planNetwork(network, observed);
  if (!isEmpty(plan)) await applyNetwork(netnsPath, plan, signal);
  await reconcileDhcp(netnsPath, dhcpArgv({ ...request, network }), request, signal);
}

/** Of an address with its prefix length; not of one that is good on its link alone. */
function isGlobalIpv6(address: string): boolean {
  const [text = ""] = address.split("/");
  return familyOf(text) === "IPv6" && !networkHolds("fe80::/10", text);
}

export type BridgedRequest = Omit<DhcpAnswers, "network"> & {
  network: BridgedNetwork & { guestMac: string };
  cgroups: readonly string[];
};

/** @throws Error while the pod has no such interface, or only a part of it */
export async function reconcileBridged(
  netnsPath: string,
  request: BridgedRequest,
  signal?: AbortSignal,
): Promise<void> {
  const { uplink, bridge, guestMac } = request.network;
  const plan = planBridged(request.network, await observeBridged(netnsPath, uplink, signal));
  if (plan === undefined) throw new Error(`the interface ${uplink} of the pod is not attached yet`);
  const { links, lease, mtu } = plan;
  if (links.length > 0) await applyNetwork(netnsPath, { links, sysctls: [], ruleset: "" }, signal);
  if (lease === undefined) return;
  const { address: guestAddress, prefixLength, gateway: routerAddress } = lease;
  const network = { bridge, guestMac, mtu, guestAddress, prefixLength, routerAddress, foreign: true };
  await reconcileDhcp(netnsPath, dhcpArgv({ ...request, network }), request, signal);
}

/** What connected interfaces with other networks that are no longer there. */
export async function removeUnusedLinks(
  netnsPath: string,
  used: readonly PodLinks[],
  signal?: AbortSignal,
): Promise<void> {
  const links = planRemoval(used, (await observeNetwork(netnsPath, signal)).links);
  if (links.length > 0) await applyNetwork(netnsPath, { links, sysctls: [], ruleset: "" }, signal);
}

async function reconcileDhcp(
  netnsPath: string,
  argv: string[],
  { pidFile, cgroups }: Pick<NetworkRequest, "pidFile" | "cgroups">,
  signal?: AbortSignal,
): Promise<void> {
  const netns = await namespaceIdentity(netnsPath);
  const running = (await listDhcpProcesses(dirname(pidFile))).filter((dhcp) => dhcp.pidFile === pidFile);
  const plan = planDhcp(argv, netns, running);
  for (const dhcp of plan.stop) await stopDhcp(dhcp);
  if (!plan.start) return;
  await mkdir(dirname(pidFile), { recursive: true });
  await startDhcp(netnsPath, argv, cgroups, signal);
}

/** Pure: keep one answerer with exactly these arguments in exactly this namespace. */
export function planDhcp(
  argv: readonly string[],
  netns: string,
  running: readonly DhcpProcess[],
): { stop: DhcpProcess[]; start: boolean } {
  const keep = running.find((dhcp) => dhcp.netns === netns && dhcp.argv.join("\0") === argv.join("\0"));
  return { stop: running.filter((dhcp) => dhcp !== keep), start: keep === undefined };
}
