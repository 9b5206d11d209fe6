/**
 * Which backend serves which client, for Services with session affinity. The packet filter keeps it, in one set per
 * backend whose elements expire; as the table is replaced as a whole, what the sets hold is carried over.
 */
import { createHash } from "node:crypto";
import type { Backend, ServicePort } from "./service-ports.ts";

export interface StickyClient {
  address: string;
  expiresSeconds: number;
}

/** Name of a set -> its clients. */
export type StickyClients = ReadonlyMap<string, readonly StickyClient[]>;

/** The same for as long as the Service's port and the backend are the same. */
export function stickySetName(port: ServicePort, { address, port: number }: Backend): string {
  const digest = createHash("sha256").update(`${port.id} ${port.protocol} ${address}:${number}`).digest("hex");
  return `sticky_${digest.slice(0, 16)}`;
}

export function renderStickySets(port: ServicePort, clients: StickyClients): string {
  const { affinitySeconds } = port;
  if (affinitySeconds === undefined) return "";
  return port.backends
    .map((backend) => {
      const name = stickySetName(port, backend);
      const kept = (clients.get(name) ?? []).map(
        ({ address, expiresSeconds }) =>
          `${address} timeout ${affinitySeconds}s expires ${Math.min(expiresSeconds, affinitySeconds)}s`,
      );
      const elements = kept.length === 0 ? "" : ` elements = { ${kept.join(", ")} };`;
      return `  set ${name} { type ${port.family === "IPv6" ? "ipv6_addr" : "ipv4_addr"}; timeout ${affinitySeconds}s; flags dynamic,timeout;${elements} }\n`;
    })
    .join("");
}

/** What `nft --json list table` tells of the sets. */
export function parseStickyClients(listing: string): StickyClients {
  const { nftables } = JSON.parse(listing) as { nftables: { set?: ListedSet }[] };
  return new Map(
    nftables.flatMap(({ set }) => {
      if (!set?.name.startsWith("sticky_")) return [];
      const clients = (set.elem ?? []).flatMap((entry) => {
        if (typeof entry === "string") return [];
        const { val, expires = 0 } = entry.elem;
        return expires > 0 ? [{ address: val, expiresSeconds: expires }] : [];
      });
      return [[set.name, clients] as const];
    }),
  );
}

interface ListedSet {
  name: string;
  elem?: (string | { elem: { val: string; expires?: number } })[];
}
