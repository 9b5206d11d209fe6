/** VirtualMachineInstancePresets at the making of an instance: which select it, and what they have for it. */
import type { AdmissionPlugin, AdmissionRequest } from "../../../api/admission.ts";
import { required } from "../../../api/kubevirt/validate/causes.ts";
import {
  applyPresets,
  hasPreset,
  presetConflicts,
  presetExclusion,
  presetOverrides,
} from "../../../api/kubevirt/presets.ts";
import {
  type VirtualMachineInstancePreset,
  virtualMachineInstancePresets,
  virtualMachineInstances,
} from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { LabelSelector } from "../../../api/meta.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import { validateLabelSelector } from "../../apimachinery/selector/validate-label-selector.ts";
import type { Client } from "../../client/client.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";
import { refuseCauses } from "./invalid.ts";
import { concerns, tolerant } from "./request.ts";

/** Comes before the defaults: these fill in what presets leave open. */
export function presetsOfInstancePlugin(client: Client): AdmissionPlugin {
  return {
    name: "VirtualMachineInstancePresets",
    matches: (request) => request.operation === "CREATE" && concerns(request, virtualMachineInstances),
    async mutate(request) {
      const vmi = request.object as VirtualMachineInstance;
      const presets = await presetsOf(client, request);
      refuseCauses(virtualMachineInstances, vmi, presetConflicts(presets));
      return presets.length === 0 ? vmi : tolerant(vmi, () => applyPresets(vmi, presets));
    },
    /** By now the instance has its defaults, too: only of presets that were of no use is it certain what overrode them. */
    async validate(request) {
      const vmi = request.object as VirtualMachineInstance;
      const useless = (await presetsOf(client, request)).filter((preset) => !hasPreset(vmi, preset));
      return useless.map(({ metadata, ...rest }) => {
        const fields = presetOverrides(vmi, { metadata, ...rest }).join(", ");
        return `Unable to apply VirtualMachineInstancePreset '${metadata?.name}': the instance itself says something else (${fields})`;
      });
    },
  };
}

async function presetsOf(
  client: Client,
  { object, namespace }: AdmissionRequest,
): Promise<VirtualMachineInstancePreset[]> {
  const vmi = object as VirtualMachineInstance;
  if (!vmi.spec || vmi.metadata?.annotations?.[presetExclusion] === "true") return [];
  const found = await unlessNotFound(client.list(virtualMachineInstancePresets, { ...(namespace && { namespace }) }));
  return (found?.items ?? [])
    .filter(({ metadata, spec }) => metadata?.deletionTimestamp === undefined && selects(spec?.selector ?? {}, vmi))
    .toSorted((one, other) => ((one.metadata?.name ?? "") < (other.metadata?.name ?? "") ? -1 : 1));
}

export function presetPlugin(): AdmissionPlugin {
  return {
    name: "VirtualMachineInstancePreset",
    matches: (request) => concerns(request, virtualMachineInstancePresets),
    validate({ object }) {
      const preset = object as VirtualMachineInstancePreset;
      const { domain, selector } = preset.spec ?? {};
      refuseCauses(virtualMachineInstancePresets, preset, [
        ...(domain ? [] : [required("spec.domain", "missing domain.")]),
        ...validateLabelSelector((selector ?? {}) as LabelSelector, "spec.selector"),
      ]);
      return [
        "kubevirt.io/v1 VirtualMachineInstancePresets is now deprecated and will be removed in v2; use instance types and preferences",
      ];
    },
  };
}
