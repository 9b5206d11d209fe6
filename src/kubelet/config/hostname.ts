import type { Pod } from "../../../api/core.ts";

const longestHostname = 63;

/** What a pod calls itself, by `hostname` and `subdomain`; a pod in the host's network has the host's name. */
export function hostnameOf(pod: Pod, clusterDomain: string): { hostname: string; fqdn: string } {
  const { hostname: asked, subdomain } = pod.spec ?? {};
  const name = (asked ?? pod.metadata?.name ?? "").slice(0, longestHostname).replace(/[-.]+$/, "");
  const fqdn = subdomain ? `${name}.${subdomain}.${pod.metadata?.namespace}.svc.${clusterDomain}` : name;
  return { hostname: pod.spec?.setHostnameAsFQDN === true ? fqdn : name, fqdn };
}
