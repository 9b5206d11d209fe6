/** Admission of instance types and preferences: what no machine could be made of is refused before one is. */
import type { AdmissionPlugin } from "../../../api/admission.ts";
import type { MatchedObject } from "../../../api/kubevirt/instancetype/matcher.ts";
import type { InstancetypeSpec, PreferenceSpec } from "../../../api/kubevirt/instancetype/specs.ts";
import {
  preferenceWarnings,
  validateInstancetype,
  validatePreference,
} from "../../../api/kubevirt/instancetype/validate.ts";
import {
  virtualMachineClusterInstancetypes,
  virtualMachineClusterPreferences,
  virtualMachineInstancetypes,
  virtualMachinePreferences,
} from "../../../api/kubevirt/resources.ts";
import { refuseCauses } from "./invalid.ts";
import { concerns } from "./request.ts";

export function instancetypePlugin(): AdmissionPlugin {
  return {
    name: "VirtualMachineInstancetype",
    matches: (request) => concerns(request, virtualMachineInstancetypes, virtualMachineClusterInstancetypes),
    validate({ object, resource }) {
      const { spec } = object as MatchedObject;
      refuseCauses(resource, object as MatchedObject, validateInstancetype(spec as InstancetypeSpec));
    },
  };
}

export function preferencePlugin(): AdmissionPlugin {
  return {
    name: "VirtualMachinePreference",
    matches: (request) => concerns(request, virtualMachinePreferences, virtualMachineClusterPreferences),
    validate({ object, resource }) {
      // Upstream's kind may have no spec at all.
      const spec = ((object as MatchedObject).spec ?? {}) as PreferenceSpec;
      refuseCauses(resource, object as MatchedObject, validatePreference(spec));
      return preferenceWarnings(spec);
    },
  };
}
