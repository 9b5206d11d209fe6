/** The instance that a VirtualMachine's template stands for. Pure. */
import { createHash } from "node:crypto";
import { annotations } from "../../../api/kubevirt/names.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import { canonicalJson } from "../../../api/kubevirt/same-json.ts";
import { pausedKey, type StateChangeRequest, stateChanges } from "../../../api/kubevirt/state-change.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { controllerReference } from "../../runtime/owner-references.ts";

export function renderVmi(vm: VirtualMachine, requests: readonly StateChangeRequest[]): VirtualMachineInstance {
  const { template } = vm.spec;
  const paused = requests.some(
    (request) => request.action === stateChanges.start && request.data?.[pausedKey] === "true",
  );
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: {
      name: vm.metadata?.name,
      namespace: vm.metadata?.namespace,
      labels: { ...template.metadata?.labels },
      annotations: {
        ...template.metadata?.annotations,
        [annotations.vmGeneration]: String(vm.metadata?.generation ?? 0),
        [annotations.templateHash]: templateHash(vm),
      },
      ownerReferences: [controllerReference(virtualMachines, vm)],
    },
    spec: { ...structuredClone(template.spec), ...(paused && { startStrategy: "Paused" }) },
  };
}

/** Tells whether the template changed since an instance was made of it. */
export function templateHash(vm: VirtualMachine): string {
  const text = canonicalJson(vm.spec.template.spec) ?? "";
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

export function needsRestart(vm: VirtualMachine, vmi: VirtualMachineInstance): boolean {
  const hash = vmi.metadata?.annotations?.[annotations.templateHash];
  return hash !== undefined && hash !== templateHash(vm);
}
