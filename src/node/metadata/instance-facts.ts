/** What the metadata service tells of a machine, as it is when it is asked. */
import type { Node, Pod } from "../../../api/core.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { guestSubnet } from "../../network/guest-subnet.ts";
import { defaultGuestCidr } from "../../network/pod-network.ts";
import { cloudInitOf, hostnameOf, instanceIdOf, type MediumContext } from "../disks/build-medium.ts";
import { macOf, podInterface } from "../domain/desired-devices.ts";
import type { InstanceFacts } from "./metadata-tree.ts";

export interface FactSources {
  vmi: VirtualMachineInstance;
  pod: Pod;
  node: Node | undefined;
  mounted: MediumContext["mounted"];
}

const topology = { zone: "topology.kubernetes.io/zone", region: "topology.kubernetes.io/region" } as const;
const instancetypeNames = ["kubevirt.io/cluster-instancetype-name", "kubevirt.io/instancetype-name"];

export async function instanceFacts({ vmi, pod, node, mounted }: FactSources): Promise<InstanceFacts> {
  const { metadata, spec } = vmi;
  const cloudInit = await cloudInitOf({ vmi, mounted });
  const nic = podInterface(vmi);
  const network = spec.networks?.find(({ name }) => name === nic?.name);
  const typeAnnotation = instancetypeNames.find((name) => metadata?.annotations?.[name] !== undefined);
  return {
    instanceId: instanceIdOf(vmi),
    namespace: metadata?.namespace ?? "",
    hostname: hostnameOf(vmi),
    address: guestSubnet(network?.pod?.vmNetworkCIDR || defaultGuestCidr).guestAddress,
    mac: nic ? macOf(vmi, nic) : "",
    publicAddress: pod.status?.podIP,
    zone: node?.metadata?.labels?.[topology.zone] ?? pod.spec?.nodeName ?? "",
    region: node?.metadata?.labels?.[topology.region],
    instanceType: typeAnnotation && metadata?.annotations?.[typeAnnotation],
    architecture: spec.architecture === "arm64" ? "arm64" : "x86_64",
    createdAt: metadata?.creationTimestamp ?? "",
    publicKeys: cloudInit?.publicKeys ?? [],
    userData: cloudInit?.userData ? Buffer.from(cloudInit.userData) : undefined,
  };
}
