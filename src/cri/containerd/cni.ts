/** The pod network of one node: a bridge with the host as gateway, addresses from one range. */

import { addressPlugin, annotationsCapability } from "./address-plugin.ts";

export interface CniConfig {
  /** Name of this installation; the bridge is `<instance>0`. */
  instance: string;
  /** Addresses of the pods of this node, a network for each family that they have, e.g. `10.42.0.0/24`. */
  podCidrs: readonly string[];
  /** Where the addresses in use are noted; must not outlive the containers' network namespaces. */
  dataDir: string;
  mtu?: number;
}

export const bridgeName = (instance: string): string => `${instance}0`;

/**
 * A CNI network list. `hairpinMode` lets a pod reach itself through a Service. Masquerading and host ports are
 * not the plugins' business: they would leave iptables chains behind; the kubelet keeps one nft table instead.
 */
export function renderCniConf(config: CniConfig): string {
  const list = {
    cniVersion: "1.0.0",
    name: config.instance,
    plugins: [
      {
        type: "bridge",
        bridge: bridgeName(config.instance),
        isGateway: true,
        isDefaultGateway: true,
        hairpinMode: true,
        ipMasq: false,
        ...(config.mtu !== undefined && { mtu: config.mtu }),
        capabilities: { [annotationsCapability]: true },
        ipam: {
          type: addressPlugin,
          dataDir: config.dataDir,
          ranges: config.podCidrs.map((subnet) => [{ subnet }]),
        },
      },
    ],
  };
  return `${JSON.stringify(list, null, 2)}\n`;
}
