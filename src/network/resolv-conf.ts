import { isIPv4 } from "node:net";
import { isPlainIpv6 } from "../base/ipv6.ts";

export interface Resolver {
  servers: string[];
  /** The same of IPv6. */
  servers6: string[];
  searchDomains: string[];
}

/** What a guest can use of a pod's resolv.conf: servers that are not the pod's own loopback, and the search list. */
export function parseResolvConf(text: string): Resolver {
  const lines = text.split("\n").map((line) =>
    line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/),
  );
  const servers = lines.filter(([keyword]) => keyword === "nameserver").map(([, server = ""]) => server);
  const search = lines.findLast(([keyword]) => keyword === "search" || keyword === "domain");
  return {
    servers: servers.filter((server) => isIPv4(server) && !server.startsWith("127.")),
    servers6: servers.filter((server) => isPlainIpv6(server) && server !== "::1"),
    searchDomains: search?.slice(1).filter((domain) => domain !== ".") ?? [],
  };
}
