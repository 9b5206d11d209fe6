/** Rules about a VirtualMachine: how it is run, and that its template can become an instance. */
import { forbidden, invalid, notSupported, required, type StatusCause } from "./causes.ts";
import type { VirtConfiguration } from "../configuration.ts";
import { defaultVirtualMachineInstanceSpec } from "../defaults/vmi.ts";
import { refuseGated } from "../feature-gates.ts";
import { refuseMachineLabels } from "../known-metadata.ts";
import { isRunStrategy, runStrategies } from "../run-strategy.ts";
import type { VirtualMachine } from "../types.ts";
import { validateAnnotations } from "./annotations.ts";
import { validateName, validateReservedLabels, validateVirtualMachineInstance } from "./vmi.ts";

const templatePath = "spec.template.spec";

export function validateVirtualMachine(vm: VirtualMachine, configuration: VirtConfiguration): StatusCause[] {
  if (!vm.spec?.template) return [required("spec.template", "the VirtualMachineInstance to run")];
  return [
    ...validateName(vm.metadata?.name),
    ...validateRunStrategy(vm),
    ...refuseOutOfScope(vm),
    ...validateTemplate(vm.spec.template, configuration),
  ];
}

type Template = VirtualMachine["spec"]["template"];

/** Of any kind that makes instances of its `spec.template`. */
export function validateTemplate(template: Template, configuration: VirtConfiguration): StatusCause[] {
  return [
    ...validateTemplateMetadata(template.metadata, "spec.template.metadata", template.spec?.architecture),
    ...validateTemplateSpec(template.spec, configuration),
  ];
}

/** The schema leaves it open, and the instance's metadata is made of it. */
export function validateTemplateMetadata(
  metadata: Template["metadata"],
  field: string,
  architecture?: string,
): StatusCause[] {
  const wrong = (["labels", "annotations"] as const).flatMap((name) =>
    validateTexts(metadata?.[name], `${field}.${name}`),
  );
  if (wrong.length > 0) return wrong;
  return [
    ...validateReservedLabels(metadata?.labels, undefined, `${field}.labels`),
    ...refuseMachineLabels(metadata?.labels, `${field}.labels`),
    ...validateAnnotations(metadata?.annotations, `${field}.annotations`, architecture),
  ];
}

function validateTexts(given: unknown, field: string): StatusCause[] {
  if (given === undefined || given === null) return [];
  if (typeof given !== "object" || Array.isArray(given)) return [invalid(field, given, "must be a map of texts")];
  return Object.entries(given).flatMap(([name, value]) =>
    typeof value === "string"
      ? []
      : [invalid(`${field}.${name}`, value, 'must be a text: put it into quotes, e.g. "1"')],
  );
}

function validateTemplateSpec(spec: Template["spec"] | undefined, configuration: VirtConfiguration): StatusCause[] {
  if (!spec?.domain) return [required(`${templatePath}.domain`, "the machine to run: its devices, memory and cpu")];
  return [
    ...validateVirtualMachineInstance(defaultVirtualMachineInstanceSpec(spec, configuration), templatePath),
    ...refuseGated(spec, configuration, templatePath),
  ];
}

function validateRunStrategy({ spec }: VirtualMachine): StatusCause[] {
  const { running, runStrategy } = spec;
  if (running !== undefined && runStrategy !== undefined) {
    return [invalid("spec.running", running, "running and runStrategy are mutually exclusive: keep runStrategy")];
  }
  if (running === undefined && runStrategy === undefined) {
    return [required("spec.runStrategy", `one of ${runStrategies.join(", ")}`)];
  }
  if (runStrategy === "WaitAsReceiver") {
    return [
      forbidden("spec.runStrategy", "WaitAsReceiver needs live migration between clusters, which is not available yet"),
    ];
  }
  return runStrategy === undefined || isRunStrategy(runStrategy)
    ? []
    : [notSupported("spec.runStrategy", runStrategy, runStrategies)];
}

function refuseOutOfScope({ spec }: VirtualMachine): StatusCause[] {
  return [
    ...((spec.dataVolumeTemplates ?? []).length > 0
      ? [
          forbidden(
            "spec.dataVolumeTemplates",
            "DataVolumes are not available yet: use a containerDisk or persistentVolumeClaim volume",
          ),
        ]
      : []),
    ...(spec.updateVolumesStrategy
      ? [forbidden("spec.updateVolumesStrategy", "changing volumes of a running machine is not available yet")]
      : []),
  ];
}
