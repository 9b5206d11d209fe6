/** Frames of ICMP for IPv6 over Ethernet. Pure. */
import { isIPv6 } from "node:net";
import { ipv6ToNumber } from "../base/ipv6.ts";

export interface Asker {
  mac: string;
  /** An IPv6 address. */
  address: string;
}

/** A ping to all nodes of the link, without the frame's checksum. */
export function echoToAll({ mac, address }: Asker): Buffer {
  if (!isIPv6(address)) throw new TypeError(`${address} is no IPv6 address`);
  const addresses = Buffer.concat([bytesOfAddress(address), bytesOfAddress("ff02::1")]);
  const pseudoHeader = Buffer.concat([addresses, Buffer.from([0, 0, 0, echo.length, 0, 0, 0, icmpv6])]);
  const checked = Buffer.from(echo);
  checked.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, echo])), 2);
  return Buffer.concat([
    Buffer.from("333300000001", "hex"),
    Buffer.from(mac.replaceAll(":", ""), "hex"),
    Buffer.from("86dd", "hex"),
    // Version 6, what follows, and as many hops as there may be.
    Buffer.from([0x60, 0, 0, 0, 0, echo.length, icmpv6, 255]),
    addresses,
    checked,
  ]);
}

const icmpv6 = 58;

/** Type 128, no data. */
const echo = Buffer.from([128, 0, 0, 0, 0, 0, 0, 0]);

function bytesOfAddress(address: string): Buffer {
  return Buffer.from(ipv6ToNumber(address).toString(16).padStart(32, "0"), "hex");
}

/** The one's complement of the one's complement sum (RFC 1071). */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < bytes.length; offset += 2) sum += bytes.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
