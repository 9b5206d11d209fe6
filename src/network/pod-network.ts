/**
 * What the network of a virtual machine looks like inside its pod.
 *
 *        cluster network                     pod network namespace
 *      ──────────────────┐      ┌──────────────────────────────────────────────┐
 *                        │      │           nftables                           │
 *   10.42.0.7 ───────────┼─ eth0 ── dnat ──▶ ─────┐                            │
 *                        │      │ ◀── masquerade ─┤                            │
 *                               │            k6t-eth0 (bridge) 10.0.2.1/24     │
 *                               │                 │      ▲ DHCP answers        │
 *                               │               tap0 (owned by uid 107)        │
 *                               └─────────────────┼────────────────────────────┘
 *                                               guest 10.0.2.2 (fd of QEMU)
 *
 * IPv6 is the same beside it: fd10:0:2::1 and ::2, a route and an address by router advertisement and DHCPv6.
 * The pod keeps its address; the guest always sees the same private one. QEMU opens the tap by name and needs no
 * privilege, because the tap already exists and belongs to its user.
 */

import type { GuestSubnet } from "./guest-subnet.ts";

export interface PortForward {
  protocol: "TCP" | "UDP" | "SCTP";
  port: number;
  /** Of a range that begins with `port`. */
  lastPort?: number;
}

/** Desired state of one masquerade interface. */
export interface MasqueradeNetwork extends PodLinks {
  /** Address of the bridge: the guest's router. */
  routerAddress: string;
  guestAddress: string;
  prefixLength: number;
  /** The same of IPv6. Only where the pod itself has an address of it. */
  ipv6?: GuestSubnet;
  mtu: number;
  /** MAC address of the guest's network card. */
  guestMac: string;
  /** More than one pair of queues. */
  multiqueue: boolean;
  /** Only these ports reach the guest; empty means all. */
  ports: readonly PortForward[];
  /** User and group that may open the tap. */
  owner: number;
  /** The guest, and nobody else, reaches `metadataAddress` in the pod. */
  metadata?: boolean;
}

/** Where guests look for a service that tells them who they are. */
export const metadataAddress = { address: "169.254.169.254", port: 80 } as const;

export const defaultGuestCidr = "10.0.2.0/24";
export const defaultGuestCidr6 = "fd10:0:2::/120";

/** Of the pod, not of its guest: where its QEMU receives a guest, and that guest's disks, from another node. As upstream's. */
export const migrationPorts = { guest: 49152, disks: 49153 } as const;

/** What connects a guest's network card with a network of its pod. */
export interface PodLinks {
  /** The pod's own interface. */
  uplink: string;
  bridge: string;
  tap: string;
}

/** Names as upstream gives them, so that tools and people find what they know. */
export const names = { uplink: "eth0", bridge: "k6t-eth0", tap: "tap0", table: "vmpod" } as const;
export const podLinks: PodLinks = { uplink: names.uplink, bridge: names.bridge, tap: names.tap };

/** Fixed, so that replacing the bridge's ports never changes the router's address under a running guest. */
export const bridgeMac = "02:00:00:00:00:00";
