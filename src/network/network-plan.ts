/** Pure: what must still be done in a pod's network namespace so that the desired network is there. */
import type { ObservedLink, ObservedNetwork } from "./observed-network.ts";
import { bridgeMac, type MasqueradeNetwork, metadataAddress } from "./pod-network.ts";
import { masqueradeRulesets } from "./ruleset.ts";

export interface NetworkPlan {
  /** Lines of `ip -batch`. */
  links: string[];
  /** Below /proc/sys/net. */
  sysctls: { path: string; value: string }[];
  /** Text for `nft -f -`, empty when the rules are loaded already. */
  ruleset: string;
}

export function planNetwork(desired: MasqueradeNetwork, observed: ObservedNetwork): NetworkPlan {
  const missing = masqueradeRulesets(desired).filter(({ marker }) => !observed.chains.includes(marker));
  return {
    links: [...planBridge(desired, find(observed, desired.bridge)), ...planTap(desired, find(observed, desired.tap))],
    sysctls: [
      ...(observed.forwarding ? [] : [{ path: "ipv4/ip_forward", value: "1" }]),
      ...(observed.localnet ? [] : [{ path: `ipv4/conf/${desired.bridge}/route_localnet`, value: "1" }]),
      ...(desired.ipv6 && !observed.forwarding6 ? [{ path: "ipv6/conf/all/forwarding", value: "1" }] : []),
    ],
    ruleset: missing.map(({ script }) => script).join(""),
  };
}

export function isEmpty(plan: NetworkPlan): boolean {
  return plan.links.length === 0 && plan.sysctls.length === 0 && plan.ruleset === "";
}

function find(observed: ObservedNetwork, name: string): ObservedLink | undefined {
  return observed.links.find((link) => link.name === name);
}

function planBridge(desired: MasqueradeNetwork, link: ObservedLink | undefined): string[] {
  const { ipv6 } = desired;
  const address = `${desired.routerAddress}/${desired.prefixLength}`;
  const address6 = ipv6 && `${ipv6.routerAddress}/${ipv6.prefixLength}`;
  const good = link?.mac === bridgeMac && link.mtu === desired.mtu && link.up;
  const metadata = `${metadataAddress.address}/32`;
  return [
    ...(link ? [] : [`link add name ${desired.bridge} type bridge forward_delay 0`]),
    ...(good ? [] : [`link set dev ${desired.bridge} address ${bridgeMac} mtu ${desired.mtu} up`]),
    ...(link?.addresses.includes(address) ? [] : [`address replace ${address} dev ${desired.bridge}`]),
    // Without looking whether another one has it: nobody can, and the guest should not wait for that.
    ...(!address6 || link?.addresses.includes(address6)
      ? []
      : [`address replace ${address6} dev ${desired.bridge} nodad`]),
    ...(!desired.metadata || link?.addresses.includes(metadata)
      ? []
      : [`address replace ${metadata} dev ${desired.bridge}`]),
  ];
}

type Tap = Pick<MasqueradeNetwork, "tap" | "bridge" | "mtu" | "multiqueue" | "owner">;

export function planTap(desired: Tap, link: ObservedLink | undefined): string[] {
  const usable = link?.owner === desired.owner && link.multiqueue === desired.multiqueue;
  const good = usable && link.mtu === desired.mtu && link.master === desired.bridge && link.up;
  const queues = desired.multiqueue ? " multi_queue" : "";
  return [
    ...(link && !usable ? [`link delete dev ${desired.tap}`] : []),
    ...(usable ? [] : [`tuntap add dev ${desired.tap} mode tap user ${desired.owner} group ${desired.owner}${queues}`]),
    ...(good ? [] : [`link set dev ${desired.tap} mtu ${desired.mtu} master ${desired.bridge} up`]),
  ];
}
