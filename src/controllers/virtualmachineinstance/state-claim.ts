/** The claim for what a machine keeps beside its disks (api/kubevirt/persistent-state.ts). Pure: the same machine gives the same claim. */
import type { PersistentVolumeClaim } from "../../../api/core.ts";
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { OwnerReference } from "../../../api/meta.ts";
import { controllerOf, ownerReference } from "../../runtime/owner-references.ts";

/** The variables take half a MiB, a TPM some KiB. */
const size = "10Mi";

export function renderStateClaim(
  vmi: VirtualMachineInstance,
  name: string,
  { stateStorageClass }: Pick<VirtConfiguration, "stateStorageClass">,
): PersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name,
      namespace: vmi.metadata?.namespace,
      labels: { [labels.persistentStateFor]: vmi.metadata?.name ?? "" },
      ownerReferences: [keeperOf(vmi)],
    },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: size } },
      ...(stateStorageClass && { storageClassName: stateStorageClass }),
    },
  };
}

/** The machine, whose instances come and go; an instance that has none keeps its state as long as it is there. */
function keeperOf(vmi: VirtualMachineInstance): OwnerReference {
  const controller = controllerOf(vmi);
  if (controller?.kind !== virtualMachines.kind) return ownerReference(virtualMachineInstances, vmi);
  const { apiVersion, kind, name, uid } = controller;
  return { apiVersion, kind, name, uid };
}
