/** A pod's resolv.conf by `dnsPolicy` and `dnsConfig`. Pure. */
import type { Pod } from "../../../api/core.ts";

export interface Resolver {
  servers: string[];
  searches: string[];
  options: string[];
}

export interface ClusterDns {
  servers: string[];
  domain: string;
}

/** Limits of the C library's resolver that pods meet. */
const mostServers = 3;
const mostSearches = 32;

export function podResolver(pod: Pod, cluster: ClusterDns, host: Resolver): Resolver {
  const base = basicResolver(pod, cluster, host);
  const own = pod.spec?.dnsConfig;
  const options = (own?.options ?? []).map((option) =>
    option.value === undefined ? (option.name ?? "") : `${option.name}:${option.value}`,
  );
  return {
    servers: unique([...base.servers, ...(own?.nameservers ?? [])]).slice(0, mostServers),
    searches: unique([...base.searches, ...(own?.searches ?? [])]).slice(0, mostSearches),
    options: mergeOptions(base.options, options),
  };
}

function basicResolver(pod: Pod, cluster: ClusterDns, host: Resolver): Resolver {
  const policy = pod.spec?.dnsPolicy ?? "ClusterFirst";
  if (policy === "None") {
    return { servers: [], searches: [], options: [] };
  }
  const onHost = pod.spec?.hostNetwork === true && policy === "ClusterFirst";
  if (policy === "Default" || onHost || cluster.servers.length === 0) {
    return host;
  }
  const { domain } = cluster;
  return {
    servers: cluster.servers,
    searches: [`${pod.metadata?.namespace}.svc.${domain}`, `svc.${domain}`, domain, ...host.searches],
    options: ["ndots:5"],
  };
}

const unique = (values: string[]): string[] => [...new Set(values)];

/** An option given again replaces the first. */
function mergeOptions(base: string[], own: string[]): string[] {
  const byName = new Map([...base, ...own].map((option) => [option.split(":")[0], option]));
  return [...byName.values()];
}

/** Reads a resolv.conf. */
export function parseResolver(text: string): Resolver {
  const resolver: Resolver = { servers: [], searches: [], options: [] };
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === "nameserver" && words[0] !== undefined) {
      resolver.servers.push(words[0]);
    } else if (keyword === "search" || keyword === "domain") {
      resolver.searches = words.filter((word) => word !== ".");
    } else if (keyword === "options") {
      resolver.options.push(...words);
    }
  }
  return resolver;
}
