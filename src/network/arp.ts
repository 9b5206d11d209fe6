/** Frames of the Address Resolution Protocol for IPv4 over Ethernet. Pure. */
import { isIPv4 } from "node:net";

export interface ArpQuestion {
  /** Who asks: a MAC address and an IPv4 address. */
  mac: string;
  address: string;
  /** Whose MAC address is asked for. */
  whoHas: string;
}

/** To everybody, without the frame's checksum. */
export function arpRequest({ mac, address, whoHas }: ArpQuestion): Buffer {
  const asker = bytesOfMac(mac);
  return Buffer.concat([
    everybody,
    asker,
    Buffer.from("0806", "hex"),
    // Ethernet, IPv4, the lengths of their addresses, a request.
    Buffer.from("0001080006040001", "hex"),
    asker,
    bytesOfAddress(address),
    nobody,
    bytesOfAddress(whoHas),
  ]);
}

const everybody = Buffer.alloc(6, 0xff);
const nobody = Buffer.alloc(6);

const bytesOfMac = (mac: string): Buffer => Buffer.from(mac.replaceAll(":", ""), "hex");

function bytesOfAddress(address: string): Buffer {
  if (!isIPv4(address)) throw new TypeError(`${address} is no IPv4 address`);
  return Buffer.from(address.split(".").map(Number));
}
