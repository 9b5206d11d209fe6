/** Admission of VirtualMachineInstanceReplicaSet: what is made of its template must be its own, and a machine. */
import type { AdmissionPlugin } from "../../../api/admission.ts";
import { required, type StatusCause } from "../../../api/kubevirt/validate/causes.ts";
import type { ConfigurationSource, VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import {
  type VirtualMachineInstanceReplicaSet,
  virtualMachineInstanceReplicaSets,
} from "../../../api/kubevirt/resources.ts";
import { validateTemplate } from "../../../api/kubevirt/validate/vm.ts";
import { refuseCauses } from "./invalid.ts";
import { concerns, isUntouched } from "./request.ts";
import { validateReplicas, validateSelector } from "./set-rules.ts";

export function replicaSetPlugin(configuration: ConfigurationSource): AdmissionPlugin {
  return {
    name: "VirtualMachineInstanceReplicaSet",
    matches: (request) => concerns(request, virtualMachineInstanceReplicaSets),
    validate(request) {
      const set = request.object as VirtualMachineInstanceReplicaSet;
      if (!isUntouched(request)) refuseCauses(virtualMachineInstanceReplicaSets, set, validate(set, configuration()));
    },
  };
}

function validate({ spec }: VirtualMachineInstanceReplicaSet, configuration: VirtConfiguration): StatusCause[] {
  const template = spec?.template as typeof spec.template | undefined;
  if (!template?.spec) return [required("spec.template", "missing virtual machine template.")];
  const causes = validateTemplate(template, configuration);
  if (causes.length > 0) return causes;
  return [
    ...validateReplicas(spec.replicas),
    ...validateSelector(spec.selector, template.metadata, "spec.template.metadata"),
  ];
}
