/** A pod's /etc/hosts. Pure. */
import type { Pod } from "../../../api/core.ts";
import { hostnameOf } from "./hostname.ts";

const own = `# Managed by vmpod.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

/** @param hostFile the host's own file, which a pod in the host's network gets */
export function renderHosts(pod: Pod, podIps: string[], clusterDomain: string, hostFile: string): string {
  const aliases = (pod.spec?.hostAliases ?? []).map((alias) => `${alias.ip}\t${(alias.hostnames ?? []).join("\t")}\n`);
  const header = aliases.length > 0 ? "\n# Entries added by HostAliases.\n" : "";
  if (pod.spec?.hostNetwork === true) {
    return `# Managed by vmpod (copied from the host).\n${hostFile}${header}${aliases.join("")}`;
  }
  const { hostname, fqdn } = hostnameOf(pod, clusterDomain);
  const names = fqdn === hostname ? hostname : `${fqdn}\t${hostname}`;
  return `${own}${podIps.map((ip) => `${ip}\t${names}\n`).join("")}${header}${aliases.join("")}`;
}
