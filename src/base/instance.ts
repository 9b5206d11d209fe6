/**
 * One embedded vmpod on a machine: where it keeps things and what its traces on the host are called.
 * Several may live side by side, so everything visible on the host derives from `name`.
 */
import { hostname } from "node:os";
import { join } from "node:path";
import { formatIpv6, ipv6ToNumber, parseIpv6Network } from "./ipv6.ts";

export interface Instance {
  /** Also the stem of the bridge, the nft table, the cgroup parent and the CNI network. */
  name: string;
  /** Survives reboots: objects, certificates, images, container layers, disks. */
  dataDir: string;
  /** Dies with the machine: sockets, pid files, logs. */
  runDir: string;
  bindAddress: string;
  apiPort: number;
  kubeletPort: number;
  vmPort: number;
  nodeName: string;
  podCidr: string;
  serviceCidr: string;
  /** The first 48 bits of the IPv6 addresses of pods and Services, e.g. `fd12:3456:789a::/48`; empty: they have IPv4 alone. */
  ipv6Prefix: string;
  clusterDomain: string;
  /** `static`: containers of Guaranteed pods with whole numbers of CPUs get processors of their own. */
  cpuManagerPolicy: "none" | "static";
  /** With `static`, those that stay everyone's: a list as the kernel writes it. */
  reservedCpus: string;
}

export const defaultInstance: Instance = {
  name: "vmpod",
  dataDir: "/var/lib/vmpod",
  runDir: "/run/vmpod",
  bindAddress: "0.0.0.0",
  apiPort: 6443,
  kubeletPort: 10250,
  vmPort: 10260,
  nodeName: hostname().toLowerCase(),
  podCidr: "10.42.0.0/16",
  serviceCidr: "10.43.0.0/16",
  ipv6Prefix: "",
  clusterDomain: "cluster.local",
  cpuManagerPolicy: "none",
  reservedCpus: "0",
};

/** The n-th address of a CIDR block: `nthAddress("10.43.0.0/16", 10)` is `10.43.0.10`. */
export function nthAddress(cidr: string, n: number): string {
  const [base = ""] = cidr.split("/");
  if (base.includes(":")) return formatIpv6(ipv6ToNumber(base) + BigInt(n));
  const first = base.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const address = first + n;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** One for each family that pods have, IPv4 first. */
export function podCidrsOf({ podCidr, ipv6Prefix }: Instance): string[] {
  return [podCidr, ...partOf(ipv6Prefix, 1, 64)];
}

/** The same for Services. */
export function serviceCidrsOf({ serviceCidr, ipv6Prefix }: Instance): string[] {
  return [serviceCidr, ...partOf(ipv6Prefix, 2, 112)];
}

/** The network of this number and length among those of 64 bits in the prefix. */
function partOf(prefix: string, number: number, length: number): string[] {
  const network = parseIpv6Network(prefix);
  return network === undefined ? [] : [`${formatIpv6(network.first + (BigInt(number) << 64n))}/${length}`];
}

/** Address of the cluster's DNS Service. */
export function clusterDnsOf(instance: Instance): string {
  return nthAddress(instance.serviceCidr, 10);
}

/** The bridge's own address: how pods reach the host, and the node's InternalIP. */
export function nodeAddressOf(instance: Instance): string {
  return nthAddress(instance.podCidr, 1);
}

export type KubeconfigIdentity = "admin" | "controller" | "agent" | "extension";

/** The files and directories of an instance. */
export function pathsOf({ dataDir, runDir }: Instance) {
  const pki = join(dataDir, "pki");
  return {
    pki,
    kubeconfig: (identity: KubeconfigIdentity) => join(dataDir, "kubeconfig", identity),
    store: join(dataDir, "store", "state.db"),
    /** Shared by all instances: images are addressed by their content. */
    images: "/var/cache/vmpod",
    kubelet: join(dataDir, "kubelet"),
    containerdRoot: join(dataDir, "containerd"),
    containerdState: join(runDir, "containerd"),
    criSocket: join(runDir, "containerd", "containerd.sock"),
    logs: join(runDir, "log"),
    pids: join(runDir, "pid"),
    controllerMetrics: join(runDir, "controller-metrics.sock"),
    instanceFile: join(runDir, "instance.json"),
  };
}
