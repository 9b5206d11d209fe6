import { isIPv4 } from "node:net";
import { TerminalError } from "../base/errors.ts";
import { formatIpv6, parseIpv6Network } from "../base/ipv6.ts";

export interface GuestSubnet {
  /** First host address: the bridge, the guest's router. */
  routerAddress: string;
  /** Second host address: the guest. */
  guestAddress: string;
  prefixLength: number;
}

/**
 * Router and guest addresses inside `network.pod.vmNetworkCIDR`.
 * @throws TerminalError when the text is no IPv4 network with room for two hosts
 */
export function guestSubnet(cidr: string): GuestSubnet {
  const [address = "", prefix = ""] = cidr.split("/");
  const prefixLength = Number(prefix);
  if (!isIPv4(address) || !/^\d+$/.test(prefix) || prefixLength > 30) {
    throw new TerminalError(
      "InvalidNetwork",
      `network.pod.vmNetworkCIDR "${cidr}" is not an IPv4 network of /30 or wider, such as 10.0.2.0/24`,
    );
  }
  const base = (toNumber(address) & maskBits(prefixLength)) >>> 0;
  return {
    routerAddress: toAddress(base + 1),
    guestAddress: toAddress(base + 2),
    prefixLength,
  };
}

/**
 * The same inside `network.pod.vmIPv6NetworkCIDR`. A network wider than /64 cannot be advertised.
 * @throws TerminalError when the text is no IPv6 network of /64 to /126
 */
export function guestSubnet6(cidr: string): GuestSubnet {
  const network = parseIpv6Network(cidr);
  const prefixLength = Number(cidr.split("/")[1]);
  if (network === undefined || prefixLength < 64 || prefixLength > 126) {
    throw new TerminalError(
      "InvalidNetwork",
      `network.pod.vmIPv6NetworkCIDR "${cidr}" is not an IPv6 network of /64 to /126, such as fd10:0:2::/120`,
    );
  }
  return {
    routerAddress: formatIpv6(network.first + 1n),
    guestAddress: formatIpv6(network.first + 2n),
    prefixLength,
  };
}

export function netmask(prefixLength: number): string {
  return toAddress(maskBits(prefixLength));
}

function maskBits(prefixLength: number): number {
  return prefixLength === 0 ? 0 : (0xffffffff << (32 - prefixLength)) >>> 0;
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join(".");
}
