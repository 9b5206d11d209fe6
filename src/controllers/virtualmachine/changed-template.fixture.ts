/** A machine that runs, and whose template was changed since. */
import { defaultConfiguration } from "../../../api/kubevirt/configuration.ts";
import { defaultVirtualMachineInstanceSpec } from "../../../api/kubevirt/defaults/vmi.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import { sampleVm } from "../../../api/kubevirt/sample.ts";
import type {
  VirtualMachine,
  VirtualMachineInstance,
  VirtualMachineInstanceSpec,
} from "../../../api/kubevirt/types.ts";
import { controllerReference } from "../../runtime/owner-references.ts";
import type { Observation } from "./observation.ts";
import { renderVmi } from "./render-vmi.ts";

export type Change = (spec: VirtualMachineInstanceSpec) => void;

/** @param atStart what it was made with */
export function changedSince(change: Change, atStart: Change = () => undefined): Observation {
  const vm = sampleVm(({ spec }) => atStart(spec.template.spec));
  const made = renderVmi(vm, []);
  const instance: VirtualMachineInstance = {
    ...made,
    metadata: { ...made.metadata, uid: "vmi-uid", ownerReferences: [controllerReference(virtualMachines, vm)] },
    spec: defaultVirtualMachineInstanceSpec(made.spec, defaultConfiguration),
    status: { phase: "Running" },
  };
  return withTemplate({ ...nothing, vm, instance }, change);
}

const nothing = {
  hasUnboundClaim: false,
  createFailure: undefined,
  configuration: defaultConfiguration,
  podsCanGrow: true,
  nowMs: 0,
};

export function withTemplate(observation: Observation, change: Change): Observation {
  const vm: VirtualMachine = structuredClone(observation.vm);
  vm.metadata = { ...vm.metadata, generation: (vm.metadata?.generation ?? 0) + 1 };
  change(vm.spec.template.spec);
  return { ...observation, vm };
}
