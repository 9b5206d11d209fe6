/** What a VirtualMachine may be made of besides its template; the shapes are upstream's own. */
import type {
  V1beta1VirtualMachineInstancetypeSpec,
  V1beta1VirtualMachinePreferenceSpec,
  V1InstancetypeMatcher,
  V1InstancetypeStatusRef,
} from "@kubevirt-ui-ext/kubevirt-api/kubevirt";

export type InstancetypeSpec = V1beta1VirtualMachineInstancetypeSpec;
export type PreferenceSpec = V1beta1VirtualMachinePreferenceSpec;
/** The matcher of a preference has the same fields. */
export type Matcher = V1InstancetypeMatcher;
export type MatcherRef = V1InstancetypeStatusRef;

export interface MachineSpecs {
  instancetype?: InstancetypeSpec | undefined;
  preference?: PreferenceSpec | undefined;
}

/** The field of `spec` that names it. */
export type MatcherField = "instancetype" | "preference";
export const matcherFields: readonly MatcherField[] = ["instancetype", "preference"];
