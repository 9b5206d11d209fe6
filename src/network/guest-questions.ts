/**
 * What a running guest is asked when another passt takes over. passt learns the guest's MAC address, and the IPv6 address that the guest has made
 * itself, from what the guest sends; before that the guest takes nothing from it for its own. A guest may be silent, its answers wait for passt. Pure.
 */
import { isIPv4 } from "node:net";
import { familyOf, networkHolds } from "../base/ip-network.ts";
import { formatIpv6, ipv6ToNumber } from "../base/ipv6.ts";
import { arpRequest } from "./arp.ts";
import { echoToAll } from "./icmpv6.ts";
import { passtMac } from "./passt-argv.ts";

/**
 * @param addresses the pod's, with their prefixes' lengths
 * @param gateway the pod's, as who asks
 * @returns Ethernet frames
 */
export function guestQuestions(addresses: readonly string[], gateway: string | undefined): Buffer[] {
  const plain = addresses.map((address) => address.split("/")[0] ?? "");
  const address = plain.find((each) => isIPv4(each));
  const address6 = plain.find((each) => familyOf(each) === "IPv6" && !networkHolds("fe80::/10", each));
  return [
    ...(address && gateway ? [arpRequest({ mac: passtMac, address: gateway, whoHas: address })] : []),
    ...(address6 ? [echoToAll({ mac: passtMac, address: neighbourOf(address6) })] : []),
  ];
}

/** Some other address of the network: to its like a guest answers from one that is good there, and passt says of each that it is there. */
function neighbourOf(address6: string): string {
  return formatIpv6(ipv6ToNumber(address6) ^ 1n);
}
