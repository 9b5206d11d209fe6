/**
 * Defaulting and validation of `kubevirt.io` objects as admission plugins: of the embedded API server in process,
 * of a cluster's by webhook (./review.ts). The rules are in api/kubevirt; this only decides when they apply.
 */
import { randomUUID } from "node:crypto";
import type { AdmissionPlugin, AdmissionRequest } from "../../../api/admission.ts";
import type { ConfigurationSource, VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { refuseGated } from "../../../api/kubevirt/feature-gates.ts";
import { type DefaultingContext, defaultVirtualMachineInstance } from "../../../api/kubevirt/defaults/vmi.ts";
import { refuseMachineLabels } from "../../../api/kubevirt/known-metadata.ts";
import { validateAnnotations } from "../../../api/kubevirt/validate/annotations.ts";
import { validateMigrationPolicy } from "../../../api/kubevirt/migration/policy.ts";
import { type MigrationPolicy, migrationPolicies, virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import {
  validateName,
  validateReservedLabels,
  validateVirtualMachineInstance,
  validateVirtualMachineInstanceUpdate,
} from "../../../api/kubevirt/validate/vmi.ts";
import type { KubeObject } from "../../../api/meta.ts";
import type { Client } from "../../client/client.ts";
import { launcherEvictionPlugin } from "./eviction.ts";
import { instancetypePlugin, preferencePlugin } from "./instancetypes.ts";
import { refuseCauses } from "./invalid.ts";
import { migrationPlugin } from "./migrations.ts";
import type { OwnComponents } from "./own-components.ts";
import { poolPlugin } from "./pools.ts";
import { presetPlugin, presetsOfInstancePlugin } from "./presets.ts";
import { replicaSetPlugin } from "./replica-sets.ts";
import { concerns, rfc3339Now, tolerant } from "./request.ts";
import { secondaryNetworksPlugin } from "./secondary-networks.ts";
import { virtualMachinePlugin } from "./virtual-machines.ts";

export interface AdmissionContext {
  client: Client;
  configuration: ConfigurationSource;
  isOwnComponent: OwnComponents;
}

export function createAdmissionPlugins(context: AdmissionContext): AdmissionPlugin[] {
  return [
    virtualMachinePlugin(context),
    presetsOfInstancePlugin(context.client),
    virtualMachineInstancePlugin(context),
    presetPlugin(),
    replicaSetPlugin(context.configuration),
    poolPlugin(context),
    secondaryNetworksPlugin(context.client),
    migrationPlugin(context.client),
    migrationPolicyPlugin(),
    instancetypePlugin(),
    preferencePlugin(),
    launcherEvictionPlugin(context),
  ];
}

function virtualMachineInstancePlugin({ configuration, isOwnComponent }: AdmissionContext): AdmissionPlugin {
  return {
    name: "VirtualMachineInstance",
    matches: (request) => concerns(request, virtualMachineInstances),
    mutate(request) {
      const vmi = request.object as VirtualMachineInstance;
      if (request.operation !== "CREATE") return isOwnComponent(request.user) ? vmi : keepStatus(request);
      return tolerant(vmi, () => defaultVirtualMachineInstance(vmi, contextOf(configuration)));
    },
    validate(request) {
      const vmi = request.object as VirtualMachineInstance;
      const isOwn = isOwnComponent(request.user);
      if (request.operation === "CREATE") return validateNew(vmi, isOwn, configuration());
      if (isOwn) return [];
      const previous = request.oldObject as VirtualMachineInstance;
      refuseCauses(virtualMachineInstances, vmi, validateVirtualMachineInstanceUpdate(vmi, previous));
      return [];
    },
  };
}

function migrationPolicyPlugin(): AdmissionPlugin {
  return {
    name: "MigrationPolicy",
    matches: (request) => concerns(request, migrationPolicies),
    validate({ object }) {
      const policy = object as MigrationPolicy;
      refuseCauses(migrationPolicies, policy, validateMigrationPolicy(policy));
    },
  };
}

/** Upstream's definition of the kind has no status subresource: then it is up to us that users leave the status alone. */
function keepStatus({ object, oldObject }: AdmissionRequest): KubeObject {
  const { status: _, ...rest } = object as VirtualMachineInstance;
  const { status } = oldObject as VirtualMachineInstance;
  return { ...rest, ...(status && { status }) };
}

function validateNew(vmi: VirtualMachineInstance, isOwn: boolean, configuration: VirtConfiguration): string[] {
  refuseCauses(virtualMachineInstances, vmi, [
    ...validateName(vmi.metadata?.name),
    ...(isOwn ? [] : validateReservedLabels(vmi.metadata?.labels, undefined)),
    ...refuseMachineLabels(vmi.metadata?.labels, "metadata.labels"),
    ...validateAnnotations(vmi.metadata?.annotations, "metadata.annotations", vmi.spec.architecture),
    ...validateVirtualMachineInstance(vmi.spec),
    ...refuseGated(vmi.spec, configuration),
  ]);
  return [];
}

function contextOf(configuration: ConfigurationSource): DefaultingContext {
  return { configuration: configuration(), newUuid: randomUUID, now: rfc3339Now() };
}
