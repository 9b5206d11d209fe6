/** What the embedding program decides for the kubelet. */
import type { Pod } from "../../api/core.ts";
import type { CpuSet } from "../base/cpu-set.ts";
import type { Client } from "../client/client.ts";
import type { Logger } from "../base/log.ts";

export interface KubeletOptions {
  client: Client;
  nodeName: string;
  /** Names what this installation owns on the host: bridge, nft table, cgroup parent. */
  instance: string;
  criSocket: string;
  /** Pods' volumes and logs, e.g. /var/lib/vmpod/kubelet. */
  rootDir: string;
  /** Of the HTTPS server. */
  port: number;
  tls: KubeletTls;
  clusterDns: string[];
  clusterDomain: string;
  /** The address at which the API server and pods reach this node. */
  nodeIp: string;
  /** Addresses of the pods of this node, a network for each family; traffic from them to elsewhere is masqueraded. */
  podCidrs: readonly string[];
  /** Where addresses in use on other networks are noted; must not outlive the pods' network namespaces. */
  addressesDir: string;
  /** Extended resources (e.g. `devices.kubevirt.io/tun`) that containers may ask for. */
  devices: DeviceResource[];
  nodeLabels?: Record<string, string>;
  /** Processors that are never one container's alone, under the policy `static`; without it no container has any of its own. */
  reservedCpus?: CpuSet;
  /** Called with a pod's addresses before each start of a container: what must hold before anything runs in the pod. */
  admitAddresses?: (pod: Pod, addresses: readonly string[]) => Promise<void>;
  log: Logger;
}

export interface KubeletTls {
  /** PEM. */
  certificate: string;
  key: string;
  /** Signs the client certificates. */
  clientCa: string;
}

/** A device of the host as a countable resource; every container that asks for it gets the same device. */
export interface DeviceResource {
  name: string;
  capacity: number;
  paths: string[];
}

/** Group of client certificates, or common name, that may use the kubelet's HTTPS API. */
export const kubeletClientGroup = "vmpod:kubelet-api";
export const kubeletClientName = "kube-apiserver-kubelet-client";
