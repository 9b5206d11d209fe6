/** How a VirtualMachine may name what it is made of, for each field of a matcher. */
import type { MatcherField } from "../../api/kubevirt/instancetype/specs.ts";
import type { VirtualMachine, VirtualMachineInstanceSpec } from "../../api/kubevirt/types.ts";
import type { Along } from "./place.ts";
import type { ValueTable } from "./values.ts";

export const matcherValues: ValueTable = [
  [/^instancetype\.kind$/, ["VirtualMachineInstancetype", "VirtualMachineClusterInstancetype"]],
  [/^preference\.kind$/, ["VirtualMachinePreference", "VirtualMachineClusterPreference"]],
  [/^preference\.revisionName$/, ["preference-one", "preference-two"]],
  [/\.inferFromVolumeFailurePolicy$/, ["Ignore", "Reject"]],
];

type MatcherSpec = Pick<VirtualMachine["spec"], MatcherField> & { template: { spec: VirtualMachineInstanceSpec } };

/** A matcher names something, or a volume that does. An instance type comes instead of memory. */
export const alongMatchers: Along = [
  [
    /^instancetype\./,
    ({ template }: MatcherSpec) => {
      delete template.spec.domain.memory;
    },
  ],
  [
    /^(instancetype|preference)\.(kind|revisionName)$/,
    (spec: MatcherSpec, _value, field) => Object.assign(spec[matcherIn(field)] ?? {}, { name: "sample" }),
  ],
  [
    /^(instancetype|preference)\.inferFromVolume$/,
    ({ template }: MatcherSpec, value) => {
      const volume = (name: string) => ({ name, persistentVolumeClaim: { claimName: name } });
      template.spec.volumes = [volume("sample-one"), volume("sample-two")];
      template.spec.domain.devices = {};
      delete template.spec.networks;
      // It is inferred only if the volume is named; else memory is needed.
      if (value === undefined) template.spec.domain.memory = { guest: "64Mi" };
    },
  ],
  [
    /^(instancetype|preference)\.inferFromVolumeFailurePolicy$/,
    (spec: MatcherSpec, _value, field) => {
      spec.template.spec.volumes = [{ name: "root", persistentVolumeClaim: { claimName: "untold" } }];
      spec.template.spec.domain.memory = { guest: "64Mi" };
      Object.assign(spec[matcherIn(field)] ?? {}, { inferFromVolume: "root" });
    },
  ],
];

function matcherIn(field: string): MatcherField {
  return field.startsWith("preference") ? "preference" : "instancetype";
}
