/**
 * What a pod's networks have given it, told as Multus does it: the annotation `k8s.v1.cni.cncf.io/network-status` (Network Plumbing Working
 * Group, "Network Attachment Status"). An interface that it names is there as a whole. Pure.
 */

/** One element of the annotation. */
export interface NetworkStatus {
  /** `NAMESPACE/NAME` of the NetworkAttachmentDefinition; of the pod's own network its name in CNI. */
  name: string;
  interface: string;
  /** Without prefix lengths. */
  ips: string[];
  mac?: string;
  /** The pod's own network. */
  default?: true;
  dns: Record<string, never>;
}

/** What is kept of the answer to an ADD. */
export interface Given {
  ips: string[];
  mac?: string;
}

/** @param answer of the last plugin: `{"interfaces": [{name, mac, sandbox}], "ips": [{address}]}` (CNI SPEC.md, "Add Success") */
export function givenBy(answer: unknown, interfaceName: string): Given {
  const { interfaces, ips } = (answer ?? {}) as { interfaces?: unknown; ips?: unknown };
  const link = recordsOf(interfaces).find((each) => each["name"] === interfaceName && each["sandbox"]);
  const mac = link?.["mac"];
  return {
    ips: recordsOf(ips).flatMap(({ address }) => (typeof address === "string" ? (address.split("/")[0] ?? []) : [])),
    ...(typeof mac === "string" && mac !== "" && { mac }),
  };
}

function recordsOf(list: unknown): Record<string, unknown>[] {
  const isRecord = (each: unknown): each is Record<string, unknown> => typeof each === "object" && each !== null;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

export function ownNetwork(name: string, ips: string[]): NetworkStatus {
  return { name, interface: "eth0", ips, default: true, dns: {} };
}

export function attachedNetwork(name: string, interfaceName: string, { ips, mac }: Given): NetworkStatus {
  return { name, interface: interfaceName, ips, ...(mac && { mac }), dns: {} };
}
