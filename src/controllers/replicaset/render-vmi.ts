/** One instance of a VirtualMachineInstanceReplicaSet. Pure. */
import {
  type VirtualMachineInstanceReplicaSet,
  virtualMachineInstanceReplicaSets,
} from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { controllerReference } from "../../runtime/owner-references.ts";

export function renderVmi(set: VirtualMachineInstanceReplicaSet): VirtualMachineInstance {
  const { metadata, spec } = set.spec.template;
  const { name, generateName, labels, annotations } = metadata ?? {};
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: {
      // Upstream takes the template's name for the beginning of its instances' names, without a dash.
      generateName: name || generateName || set.metadata?.name,
      namespace: set.metadata?.namespace,
      labels: { ...labels },
      annotations: { ...annotations },
      ownerReferences: [controllerReference(virtualMachineInstanceReplicaSets, set)],
    },
    spec: structuredClone(spec),
  };
}
