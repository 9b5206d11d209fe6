/**
 * A MAC address for an interface that names none: the same for the same machine (firmware UUID) and interface,
 * so that a guest finds its NIC, DHCP lease and persistent device name again after each restart.
 */
import { createHash } from "node:crypto";

export function stableMacAddress(firmwareUuid: string, interfaceName: string): string {
  const digest = createHash("sha256").update(`${firmwareUuid}/${interfaceName}`).digest();
  // 02: locally administered, unicast. 00:00 after it would be the tap side's reserved address.
  const octets = [0x02, ...digest.subarray(0, 5)];
  if (octets.slice(1).every((octet) => octet === 0)) octets[5] = 1;
  return octets.map((octet) => octet.toString(16).padStart(2, "0")).join(":");
}
