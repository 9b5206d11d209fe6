/**
 * Everything about a test cluster that follows from its number: names, addresses, directories. So several live side by
 * side, and whoever knows the number can find and remove all of it.
 *
 *   host ─ kubetestN (.254) ──┐
 *                             ├─ br0 (.1) in the control plane's namespaces: etcd, API server, controller manager,
 *   n1 ─ eth0 (.11) ──────────┤           scheduler, kube-proxy, cluster DNS
 *   n2 ─ eth0 (.12) ──────────┘
 *        └ pods 10.(130+N).2.0/24, routed, no masquerading
 *
 * The host has one link and three routes; all else is in namespaces and ends with their processes.
 */
import { basename, join } from "node:path";
import { nthAddress } from "../../src/base/instance.ts";

export interface NodePlan {
  name: string;
  ip: string;
  podCidr: string;
  /** All of it is in here; what is in `DIR/data` survives a loss of power. */
  dir: string;
  /** Relative to each cgroup hierarchy. */
  cgroup: string;
}

export interface ClusterPlan {
  number: number;
  /** Also the stem of its traces on the host: link, cgroup, directories. */
  name: string;
  /** Not below /run, /var/lib or /var/log: nodes have their own of these and must see it all the same. */
  dir: string;
  lockFile: string;
  nodeCidr: string;
  podCidr: string;
  serviceCidr: string;
  controlPlaneIp: string;
  hostIp: string;
  /** The first of the Services' addresses: the Service `kubernetes`. */
  apiServiceIp: string;
  dnsServiceIp: string;
  clusterDomain: string;
  /** In the control plane's own network. */
  apiPort: number;
  etcdPort: number;
  /** Where kubectl on the host and the nodes reach the API server. */
  server: string;
  nodes: NodePlan[];
}

export const highestNumber = 9;
/** In the environment of every process of a cluster; its value is the cluster's name. */
export const marker = "VMPOD_TEST_CLUSTER";

export function planCluster(number: number, nodeCount = 2): ClusterPlan {
  if (!Number.isInteger(number) || number < 1 || number > highestNumber)
    throw new RangeError(`cluster number ${number}: choose one of 1 to ${highestNumber}`);
  const name = `kubetest${number}`;
  const nodeCidr = `10.120.${number}.0/24`;
  const serviceCidr = `10.${140 + number}.0.0/16`;
  const controlPlaneIp = nthAddress(nodeCidr, 1);
  const dir = join("/var/tmp", name);
  const ports = { apiPort: 6443, etcdPort: 2379 };
  return {
    number,
    name,
    dir,
    lockFile: `/run/${name}.lock`,
    nodeCidr,
    podCidr: `10.${130 + number}.0.0/16`,
    serviceCidr,
    controlPlaneIp,
    hostIp: nthAddress(nodeCidr, 254),
    apiServiceIp: nthAddress(serviceCidr, 1),
    dnsServiceIp: nthAddress(serviceCidr, 10),
    clusterDomain: "cluster.local",
    ...ports,
    server: `https://${controlPlaneIp}:${ports.apiPort}`,
    nodes: Array.from({ length: nodeCount }, (_, index) => planNode(dir, number, index + 1)),
  };
}

function planNode(clusterDir: string, number: number, index: number): NodePlan {
  const name = `n${index}`;
  return {
    name,
    ip: `10.120.${number}.${10 + index}`,
    podCidr: `10.${130 + number}.${index}.0/24`,
    dir: join(clusterDir, name),
    cgroup: `/${basename(clusterDir)}/${name}`,
  };
}

export const pkiDir = ({ dir }: ClusterPlan): string => join(dir, "pki");
export const logDir = ({ dir }: ClusterPlan): string => join(dir, "log");
export const kubeconfigOf = ({ dir }: ClusterPlan, identity: string): string => join(dir, "kubeconfig", identity);
