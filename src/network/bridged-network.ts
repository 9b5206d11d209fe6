/**
 * The bridge binding: the guest is in the pod's network itself, with the address that CNI gave the pod.
 *
 *                        pod network namespace
 *                ┌─────────────────────────────────────────┐
 *   network ─────┼─ uplink ──┬── bridge ◀── DHCP answers   │   the uplink's address is taken off it and
 *                            │   169.254.75.10             │   offered to the guest
 *                │          tap (owned by uid 107)         │
 *                └───────────┼─────────────────────────────┘
 *                          guest (fd of QEMU)
 *
 * What CNI gave is noted in the uplink's alias before anything is taken from it: whoever is killed in between, or comes
 * later, finds it there, and it goes when the namespace does. An uplink without an address, as a CNI configuration without IPAM
 * leaves it, gets no DHCP answers of ours: whoever serves that network may answer. Pure.
 */
import { createHash } from "node:crypto";
import { isIPv4 } from "node:net";
import { planTap } from "./network-plan.ts";
import type { ObservedLink } from "./observed-network.ts";
import type { PodLinks } from "./pod-network.ts";

export interface BridgedNetwork extends PodLinks {
  multiqueue: boolean;
  /** User and group that may open the tap. */
  owner: number;
  /** CNI has done its part: an uplink may be there a while before its address. */
  isAttached: boolean;
}

export interface ObservedBridged {
  links: readonly ObservedLink[];
  /** Of the default route through the uplink. */
  gateway: string | undefined;
}

/** What the guest is offered. */
export interface GuestLease {
  address: string;
  prefixLength: number;
  gateway: string | undefined;
}

export interface BridgedPlan {
  /** Lines of `ip -batch`. */
  links: string[];
  lease: GuestLease | undefined;
  mtu: number;
}

/** From where DHCP is answered; never routed, and the same in every pod, as upstream's. */
const bridgeAddress = "169.254.75.10/32";
const aliasPattern = /^vmpod:([\d.]+)\/(\d+):([\d.]*)$/;
const nothing = "vmpod:none";

/** The links of a network of this name, other than the pod's own. Linux takes 15 characters. */
export function secondaryLinks(network: string): PodLinks {
  const digest = createHash("sha256").update(network).digest("hex").slice(0, 11);
  return { uplink: `pod${digest}`, bridge: `k6t-${digest}`, tap: `tap${digest}` };
}

/** Undefined while the uplink is not there, or not known to be there as a whole. */
export function planBridged(desired: BridgedNetwork, observed: ObservedBridged): BridgedPlan | undefined {
  const find = (name: string) => observed.links.find((link) => link.name === name);
  const uplink = find(desired.uplink);
  if (uplink === undefined) return undefined;
  const noted = parseAlias(uplink.alias);
  if (noted === undefined && !desired.isAttached) return undefined;
  const lease = noted === undefined ? leaseOf(uplink, observed.gateway) : noted.lease;
  const { mtu } = uplink;
  return {
    lease,
    mtu,
    links: [
      ...(noted === undefined ? [`link set dev ${desired.uplink} alias ${aliasOf(lease)}`] : []),
      ...planBridge(desired, find(desired.bridge), mtu),
      ...ipv4Of(uplink).map((address) => `address delete ${address} dev ${desired.uplink}`),
      ...(uplink.master === desired.bridge && uplink.up
        ? []
        : [
            `link set dev ${desired.uplink} master ${desired.bridge} up`,
            // A network that sends back what it gets (hairpin) would make the bridge look for the guest out there.
            `link set dev ${desired.uplink} type bridge_slave learning off`,
          ]),
      ...planTap({ ...desired, mtu }, find(desired.tap)),
    ],
  };
}

/** Of the links that `secondaryLinks` names, but for their uplinks, those that nothing uses any more: lines of `ip -batch`. */
export function planRemoval(used: readonly PodLinks[], links: readonly ObservedLink[]): string[] {
  const kept = new Set(used.flatMap(({ bridge, tap }) => [bridge, tap]));
  const unused = links.filter(({ name }) => /^(k6t-|tap)[0-9a-f]{11}$/.test(name) && !kept.has(name));
  return unused.map(({ name }) => `link delete dev ${name}`);
}

function planBridge({ bridge }: BridgedNetwork, link: ObservedLink | undefined, mtu: number): string[] {
  return [
    ...(link ? [] : [`link add name ${bridge} type bridge forward_delay 0`]),
    ...(link?.mtu === mtu && link.up ? [] : [`link set dev ${bridge} mtu ${mtu} up`]),
    ...(link?.addresses.includes(bridgeAddress) ? [] : [`address replace ${bridgeAddress} dev ${bridge}`]),
  ];
}

function ipv4Of(link: ObservedLink): string[] {
  return link.addresses.filter((address) => isIPv4(address.split("/")[0] ?? ""));
}

function leaseOf(uplink: ObservedLink, gateway: string | undefined): GuestLease | undefined {
  const [address, prefixLength] = ipv4Of(uplink)[0]?.split("/") ?? [];
  return address === undefined ? undefined : { address, prefixLength: Number(prefixLength), gateway };
}

function aliasOf(lease: GuestLease | undefined): string {
  return lease ? `vmpod:${lease.address}/${lease.prefixLength}:${lease.gateway ?? ""}` : nothing;
}

function parseAlias(alias: string | undefined): { lease: GuestLease | undefined } | undefined {
  if (alias === nothing) return { lease: undefined };
  const [, address, prefixLength, gateway] = aliasPattern.exec(alias ?? "") ?? [];
  if (address === undefined) return undefined;
  return { lease: { address, prefixLength: Number(prefixLength), gateway: gateway || undefined } };
}
