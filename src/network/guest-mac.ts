/** `AA-BB-…` and `AA:BB:…` mean the same; QEMU and dnsmasq want the second in lower case. */
export function normaliseMac(mac: string): string {
  return mac.toLowerCase().replaceAll("-", ":");
}
