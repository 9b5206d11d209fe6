import { createHash } from "node:crypto";

/**
 * The MAC address of a network card that has none in its manifest: locally administered, unicast, and the same on
 * every start of the same virtual machine.
 */
export function generateMac(vmIdentity: string, interfaceName: string): string {
  const digest = createHash("sha256").update(`${vmIdentity}/${interfaceName}`).digest();
  return ["02", ...[...digest.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}

/** `AA-BB-…` and `AA:BB:…` mean the same; QEMU and dnsmasq want the second in lower case. */
export function normaliseMac(mac: string): string {
  return mac.toLowerCase().replaceAll("-", ":");
}
