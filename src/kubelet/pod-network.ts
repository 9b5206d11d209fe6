/**
 * The nft table of this node's pods, `inet <instance>-pods`: masquerades what they send out of the cluster, and leads
 * `hostPort`s to them. The whole table is rendered from the pods and replaced in one transaction, so it needs
 * no bookkeeping and leaves nothing behind.
 */
import { writeFile } from "node:fs/promises";
import type { Pod } from "../../api/core.ts";
import { exec } from "../base/exec.ts";
import { familyOf } from "../base/ip-network.ts";
import { bridgeName } from "../cri/containerd/cni.ts";
import { isTerminalPhase } from "./pods/lifetime.ts";

export interface HostPort {
  protocol: "tcp" | "udp" | "sctp";
  hostIp: string | undefined;
  hostPort: number;
  podIp: string;
  containerPort: number;
}

const tableName = (instance: string): string => `inet ${instance}-pods`;

export function hostPortsOf(pods: Iterable<Pod>): HostPort[] {
  return [...pods].flatMap((pod) => {
    const applies = pod.spec?.hostNetwork !== true && !isTerminalPhase(pod.status?.phase);
    return applies ? addressesOf(pod).flatMap((podIp) => portsOf(pod, podIp)) : [];
  });
}

/** One for each family. */
function addressesOf({ status }: Pod): string[] {
  const all = [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)];
  return [...new Set(all.filter((ip) => ip !== undefined))];
}

function portsOf(pod: Pod, podIp: string): HostPort[] {
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, hostIP, containerPort, protocol = "TCP" }) => {
      const known = protocol.toLowerCase() as HostPort["protocol"];
      const hostIp = hostIP === "" || hostIP === "0.0.0.0" || hostIP === "::" ? undefined : hostIP;
      const isReachable = hostIP ? familyOf(hostIP) === familyOf(podIp) : true;
      return hostPort && isReachable ? [{ protocol: known, hostIp, hostPort, podIp, containerPort }] : [];
    }),
  );
}

export interface PodNetwork {
  instance: string;
  podCidrs: readonly string[];
  hostPorts: HostPort[];
}

export function renderPodNetwork({ instance, podCidrs, hostPorts }: PodNetwork): string {
  const table = tableName(instance);
  const toPods = hostPorts.map(dnatRule).join("\n    ");
  return `table ${table}
delete table ${table}
table ${table} {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    fib daddr type local jump hostports
  }
  chain output {
    type nat hook output priority -100;
    fib daddr type local jump hostports
  }
  chain hostports {
    ${toPods}
  }
  chain postrouting {
    type nat hook postrouting priority srcnat;
${podCidrs.map((cidr) => `    ${masqueradeRule(cidr)}\n`).join("")}    ct status dnat ip saddr 127.0.0.0/8 oifname "${bridgeName(instance)}" masquerade
  }
}
`;
}

function masqueradeRule(cidr: string): string {
  const [family, multicast] = cidr.includes(":") ? ["ip6", "ff00::/8"] : ["ip", "224.0.0.0/4"];
  return `${family} saddr ${cidr} ${family} daddr != ${cidr} ${family} daddr != ${multicast} masquerade`;
}

function dnatRule({ protocol, hostIp, hostPort, podIp, containerPort }: HostPort): string {
  const [family, target] = podIp.includes(":") ? ["ip6", `[${podIp}]`] : ["ip", podIp];
  const address = hostIp === undefined ? "" : `${family} daddr ${hostIp} `;
  return `${address}${protocol} dport ${hostPort} dnat ${family} to ${target}:${containerPort}`;
}

/** Replaces the table. */
export async function applyPodNetwork(network: PodNetwork): Promise<void> {
  if (network.hostPorts.length > 0) {
    await routeLoopback(bridgeName(network.instance));
  }
  await exec(["nft", "-f", "-"], { input: renderPodNetwork(network) });
}

/** Lets 127.0.0.1:HOSTPORT be led to a pod; the bridge is there as soon as a pod has an address. */
async function routeLoopback(bridge: string): Promise<void> {
  await writeFile(`/proc/sys/net/ipv4/conf/${bridge}/route_localnet`, "1");
}

export async function removePodNetwork(instance: string): Promise<void> {
  const table = tableName(instance);
  // Declaring it first makes the deletion succeed in any case.
  await exec(["nft", "-f", "-"], { input: `table ${table}\ndelete table ${table}\n` });
}
