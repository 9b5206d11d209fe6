/** Networks for the tests of this directory. */
import type { ObservedLink, ObservedNetwork } from "./observed-network.ts";
import type { MasqueradeNetwork } from "./pod-network.ts";

export function guestNetwork(change: Partial<MasqueradeNetwork> = {}): MasqueradeNetwork {
  return {
    uplink: "eth0",
    bridge: "k6t-eth0",
    tap: "tap0",
    routerAddress: "10.0.2.1",
    guestAddress: "10.0.2.2",
    prefixLength: 24,
    mtu: 1450,
    guestMac: "02:11:22:33:44:55",
    multiqueue: false,
    ports: [],
    owner: 107,
    ...change,
  };
}

/** As CNI leaves it. */
export const emptyNamespace: ObservedNetwork = {
  links: [
    {
      name: "eth0",
      kind: "veth",
      mtu: 1450,
      mac: "ae:ee:77:2a:73:7f",
      up: true,
      master: undefined,
      addresses: ["10.42.0.5/24"],
      owner: undefined,
      multiqueue: false,
    },
  ],
  chains: [],
  forwarding: false,
  forwarding6: false,
  localnet: false,
};

export function applyToLinks(network: ObservedNetwork, name: string, change: Partial<ObservedLink>): ObservedNetwork {
  return { ...network, links: network.links.map((link) => (link.name === name ? { ...link, ...change } : link)) };
}
