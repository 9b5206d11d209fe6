import { join } from "node:path";
import { type ClusterPlan, kubeconfigOf } from "./plan.ts";

/**
 * kube-proxy of one machine. It is told its address, as it would wait half a minute for a Node object that the control plane has
 * not; connection tracking's limits belong to the whole kernel, so it may not touch them.
 */
export function proxyArgv(plan: ClusterPlan, binDir: string, { name, ip }: { name: string; ip: string }): string[] {
  return [
    join(binDir, "kube-proxy"),
    `--kubeconfig=${kubeconfigOf(plan, "proxy")}`,
    `--hostname-override=${name}`,
    `--bind-address=${ip}`,
    `--cluster-cidr=${plan.podCidr}`,
    "--proxy-mode=iptables",
    "--iptables-min-sync-period=0s",
    "--healthz-bind-address=127.0.0.1:10256",
    "--metrics-bind-address=127.0.0.1:10249",
    "--conntrack-max-per-core=0",
    "--conntrack-tcp-timeout-established=0s",
    "--conntrack-tcp-timeout-close-wait=0s",
  ];
}
