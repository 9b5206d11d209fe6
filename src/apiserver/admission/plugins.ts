/** The admission plugins of the API server itself, in the order in which they run; those of the caller come between. */
import type { AdmissionPlugin } from "../../../api/admission.ts";
import type { Authorizer } from "../rbac/authorizer.ts";
import { createEscalationCheck } from "../rbac/escalation.ts";
import type { Registry } from "../registry/registry.ts";
import type { Objects } from "../storage/objects.ts";
import { createDefaultStorageClass, createPriority } from "./default-class.ts";
import { createNamespaceLifecycle } from "./namespaces.ts";
import { nodeRestriction } from "./node-restriction.ts";
import { createServiceAccountAdmission } from "./service-accounts.ts";
import { createServiceAddresses } from "./service-addresses.ts";

export interface PluginContext {
  objects: Objects;
  registry: Registry;
  authorizer: Authorizer;
  /** One for each family. */
  serviceCidrs: readonly string[];
}

export function createPlugins(context: PluginContext, others: readonly AdmissionPlugin[]): AdmissionPlugin[] {
  const { objects, registry, authorizer, serviceCidrs } = context;
  return [
    createNamespaceLifecycle(objects),
    nodeRestriction,
    createServiceAccountAdmission(objects, registry),
    createPriority(objects),
    createDefaultStorageClass(objects),
    ...others,
    createServiceAddresses(objects.cache, serviceCidrs),
    createEscalationCheck(objects.cache, authorizer),
  ];
}
