/** Admission of VirtualMachinePool: what is made of its template must be its own, and a machine. */
import type { AdmissionPlugin, AdmissionRequest } from "../../../api/admission.ts";
import { forbidden, required, type StatusCause } from "../../../api/kubevirt/validate/causes.ts";
import { defaultMatcherKinds } from "../../../api/kubevirt/instancetype/matcher.ts";
import { matcherFields } from "../../../api/kubevirt/instancetype/specs.ts";
import { vmName } from "../../../api/kubevirt/pool/render-vm.ts";
import { validateStrategies } from "../../../api/kubevirt/pool/validate-strategies.ts";
import { type VirtualMachinePool, virtualMachinePools } from "../../../api/kubevirt/resources.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import type { VirtualMachineSpec } from "../../../api/kubevirt/types.ts";
import { validateTemplateMetadata } from "../../../api/kubevirt/validate/vm.ts";
import { validateName } from "../../../api/kubevirt/validate/vmi.ts";
import type { LabelSelector } from "../../../api/meta.ts";
import { validateLabelSelector } from "../../apimachinery/selector/validate-label-selector.ts";
import { refuseCauses } from "./invalid.ts";
import { concerns, isUntouched } from "./request.ts";
import { validateReplicas, validateSelector } from "./set-rules.ts";
import { validateMachine, type VirtualMachineAdmission } from "./virtual-machines.ts";

const template = "spec.virtualMachineTemplate";

export function poolPlugin(context: VirtualMachineAdmission): AdmissionPlugin {
  return {
    name: "VirtualMachinePool",
    matches: (request) => concerns(request, virtualMachinePools),
    async validate(request) {
      const pool = request.object as VirtualMachinePool;
      if (!isUntouched(request)) refuseCauses(virtualMachinePools, pool, await validate(context, request));
    },
  };
}

async function validate(context: VirtualMachineAdmission, request: AdmissionRequest): Promise<StatusCause[]> {
  const pool = request.object as VirtualMachinePool;
  const { spec } = pool;
  if (!spec?.virtualMachineTemplate?.spec) return [required(template, "missing virtual machine template.")];
  const { metadata, spec: machine } = spec.virtualMachineTemplate;
  const causes = [
    ...validateTemplateMetadata(metadata, `${template}.metadata`),
    ...(await validateTemplate(context, machine, request.namespace)),
    ...validateReplicas(spec.replicas),
    ...validateNames(pool),
    ...validateStrategies(spec),
    ...validateSelectionLabels(spec),
    ...refuseOtherSelector(pool, request.oldObject as VirtualMachinePool | undefined),
  ];
  return causes.length > 0 ? causes : validateSelector(spec.selector, metadata, `${template}.metadata`);
}

function validateSelectionLabels(spec: VirtualMachinePool["spec"]): StatusCause[] {
  return (["scaleInStrategy", "updateStrategy"] as const).flatMap((strategy) => {
    const selector = spec[strategy]?.proactive?.selectionPolicy?.selectors?.labelSelector;
    const field = `spec.${strategy}.proactive.selectionPolicy.selectors.labelSelector`;
    return selector === undefined ? [] : validateLabelSelector(selector as LabelSelector, field);
  });
}

/** As each machine will be checked; what is inferred from volumes is known only when these are there. */
async function validateTemplate(
  context: VirtualMachineAdmission,
  spec: VirtualMachineSpec,
  namespace: string | undefined,
): Promise<StatusCause[]> {
  if (matcherFields.some((field) => spec[field]?.inferFromVolume)) return [];
  const vm = defaultMatcherKinds({ metadata: { ...(namespace && { namespace }) }, spec });
  const causes = await validateMachine(context, vm);
  return causes.map((cause) => ({ ...cause, field: `${template}.${cause.field}` }));
}

function validateNames(pool: VirtualMachinePool): StatusCause[] {
  const longest = vmName(pool, Math.max(0, (pool.spec.replicas ?? 1) - 1));
  return pool.metadata?.name === undefined ? [] : validateName(longest);
}

function refuseOtherSelector({ spec }: VirtualMachinePool, previous: VirtualMachinePool | undefined): StatusCause[] {
  if (previous === undefined || sameJson(spec.selector, previous.spec.selector)) return [];
  return [forbidden("spec.selector", "selector is immutable after creation.")];
}
