/**
 * Admission of VirtualMachines. What a machine is made of besides its template is looked up first: an instance type and a
 * preference are part of what is checked.
 *
 *   mutate    infer matchers from volumes, say their kinds ──▶ KubeVirt's defaults, and the preference's
 *   validate  matchers ──▶ find both ──▶ write them out ──▶ check the result as any machine
 */
import { randomUUID } from "node:crypto";
import type { AdmissionPlugin, AdmissionRequest } from "../../../api/admission.ts";
import type { StatusCause } from "../../../api/kubevirt/validate/causes.ts";
import type { ConfigurationSource } from "../../../api/kubevirt/configuration.ts";
import { defaultVirtualMachine } from "../../../api/kubevirt/defaults/vm.ts";
import { expandVirtualMachine } from "../../../api/kubevirt/instancetype/expand.ts";
import { defaultMatcherKinds, validateMatchers } from "../../../api/kubevirt/instancetype/matcher.ts";
import { explainOrigin } from "../../../api/kubevirt/instancetype/origin.ts";
import type { MachineSpecs, MatcherField, PreferenceSpec } from "../../../api/kubevirt/instancetype/specs.ts";
import { matcherFields } from "../../../api/kubevirt/instancetype/specs.ts";
import { withoutDumpVolume } from "../../../api/kubevirt/memory-dump.ts";
import { virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine, VirtualMachineStatus } from "../../../api/kubevirt/types.ts";
import { validateVirtualMachine } from "../../../api/kubevirt/validate/vm.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";
import { findMatched, specsOf } from "../../runtime/machine-specs.ts";
import { inferMatchers } from "./infer-matchers.ts";
import { refuseCauses } from "./invalid.ts";
import { concerns, isUntouched, rfc3339Now, tolerant } from "./request.ts";

export interface VirtualMachineAdmission {
  client: Client;
  configuration: ConfigurationSource;
}

export function virtualMachinePlugin(context: VirtualMachineAdmission): AdmissionPlugin {
  return {
    name: "VirtualMachine",
    matches: (request) => concerns(request, virtualMachines),
    mutate: (request) => tolerant(request.object as VirtualMachine, () => mutate(context, request)),
    async validate(request) {
      const vm = request.object as VirtualMachine;
      if (isUntouched(request)) return [];
      refuseCauses(virtualMachines, vm, await validate(context, request));
      return vm.spec.running === undefined ? [] : ["spec.running is deprecated, please use spec.runStrategy instead."];
    },
  };
}

async function mutate(context: VirtualMachineAdmission, request: AdmissionRequest): Promise<VirtualMachine> {
  const given = inNamespace(request);
  const previous = request.oldObject as VirtualMachine | undefined;
  const isGoing = given.metadata?.deletionTimestamp !== undefined;
  const vm = isGoing || !given.spec ? given : defaultMatcherKinds(await inferMatchers(context.client, given));
  const preference = isGoing ? undefined : await preferenceOf(context.client, vm, previous?.status);
  const defaulting = {
    configuration: context.configuration(),
    newUuid: randomUUID,
    now: rfc3339Now(),
    preference,
  };
  return defaultVirtualMachine(vm, defaulting, previous);
}

/** A request names its namespace; the object may not. */
function inNamespace({ object, namespace }: AdmissionRequest): VirtualMachine {
  const vm = object as VirtualMachine;
  return { ...vm, metadata: { ...vm.metadata, ...(namespace && { namespace }) } };
}

/** One that is missing is named by validation. */
async function preferenceOf(
  client: Client,
  vm: VirtualMachine,
  status: VirtualMachineStatus | undefined,
): Promise<PreferenceSpec | undefined> {
  if (!vm.spec?.preference) return undefined;
  const found = await unlessNotFound(findMatched(client, vm, "preference", { status: status ?? {} }));
  return specsOf([found]).preference;
}

function validate(context: VirtualMachineAdmission, request: AdmissionRequest): Promise<StatusCause[]> {
  return validateMachine(context, inNamespace(request), request.oldObject as VirtualMachine | undefined);
}

/** @param vm with its namespace */
export async function validateMachine(
  context: VirtualMachineAdmission,
  vm: VirtualMachine,
  previous?: VirtualMachine,
): Promise<StatusCause[]> {
  const configuration = context.configuration();
  if (!vm.spec?.template) return validateVirtualMachine(vm, configuration);
  const causes = validateMatchers(vm, previous);
  if (causes.length > 0) return causes;
  const found = await findSpecs(context.client, vm, previous?.status);
  if ("causes" in found) return found.causes;
  const expansion = expandVirtualMachine(withoutAskedDump(vm, previous), found.specs, configuration);
  if (expansion.causes.length > 0) return expansion.causes;
  return explainOrigin(vm, validateVirtualMachine(expansion.vm, configuration));
}

/** The volume of a dump that the machine was asked for stays in its spec: whoever sends the whole spec back leaves it there. */
function withoutAskedDump(vm: VirtualMachine, previous: VirtualMachine | undefined): VirtualMachine {
  const claimName = (previous ?? vm).status?.memoryDumpRequest?.claimName;
  if (claimName === undefined) return vm;
  const { template } = vm.spec;
  return { ...vm, spec: { ...vm.spec, template: { ...template, spec: withoutDumpVolume(template.spec, claimName) } } };
}

type FoundSpecs = { specs: MachineSpecs } | { causes: StatusCause[] };

async function findSpecs(
  client: Client,
  vm: VirtualMachine,
  status: VirtualMachineStatus | undefined,
): Promise<FoundSpecs> {
  const specs: MachineSpecs = {};
  for (const field of matcherFields) {
    try {
      Object.assign(specs, specsOf([await findMatched(client, vm, field, { status: status ?? {} })]));
    } catch (error) {
      if (!isStatus(error, "NotFound")) throw error;
      return { causes: [missing(field, error.message)] };
    }
  }
  return { specs };
}

function missing(field: MatcherField, message: string): StatusCause {
  return { reason: "FieldValueNotFound", field: `spec.${field}`, message: `Failure to find ${field}: ${message}` };
}
