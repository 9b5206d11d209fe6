/** Admission of VirtualMachineInstanceMigration: of instances that can be moved, one at a time, and never changed afterwards. */
import type { AdmissionPlugin, AdmissionRequest } from "../../../api/admission.ts";
import { forbidden, required, setFields } from "../../../api/kubevirt/validate/causes.ts";
import { validateMigrationAnnotations } from "../../../api/kubevirt/known-metadata.ts";
import { isFinalMigration, migrationObstacle, migrationSelector } from "../../../api/kubevirt/migration/migration.ts";
import { finalizers, labels } from "../../../api/kubevirt/names.ts";
import {
  type VirtualMachineInstanceMigration,
  virtualMachineInstanceMigrations,
  virtualMachineInstances,
} from "../../../api/kubevirt/resources.ts";
import { sameJson } from "../../../api/kubevirt/same-json.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus, StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { refuseCauses } from "./invalid.ts";
import { tolerant } from "./request.ts";

export function migrationPlugin(client: Client): AdmissionPlugin {
  return {
    name: "VirtualMachineInstanceMigration",
    matches: concernsMigration,
    mutate({ operation, object }) {
      const migration = object as VirtualMachineInstanceMigration;
      return operation === "CREATE" ? tolerant(migration, () => withLabelAndFinalizer(migration)) : migration;
    },
    async validate(request) {
      const migration = request.object as VirtualMachineInstanceMigration;
      if (request.operation === "CREATE") await validateNew(client, migration, request.namespace ?? "");
      else refuseChange(migration, request.oldObject as VirtualMachineInstanceMigration);
    },
  };
}

function concernsMigration({ operation, resource, subresource }: AdmissionRequest): boolean {
  const { group, plural } = virtualMachineInstanceMigrations;
  const writes = operation === "CREATE" || operation === "UPDATE";
  return writes && subresource === "" && resource.group === group && resource.plural === plural;
}

/** The finalizer: deleting a migration means to abort it first. */
function withLabelAndFinalizer(migration: VirtualMachineInstanceMigration): VirtualMachineInstanceMigration {
  const { metadata } = migration;
  const vmiName = migration.spec?.vmiName;
  if (!vmiName) return migration;
  return {
    ...migration,
    metadata: {
      ...metadata,
      labels: { ...metadata?.labels, [labels.vmiName]: vmiName },
      finalizers: [...new Set([...(metadata?.finalizers ?? []), finalizers.migration])],
    },
  };
}

const betweenClusters = "migration between clusters is not available yet";

/** Field and reason. */
const unavailable: Readonly<Record<string, string>> = {
  priority: "migrations wait for their turn in the order in which they were made: leave it out",
  sendTo: betweenClusters,
  receive: betweenClusters,
};

async function validateNew(client: Client, migration: VirtualMachineInstanceMigration, namespace: string) {
  const vmiName = migration.spec?.vmiName ?? "";
  refuseCauses(virtualMachineInstanceMigrations, migration, [
    ...(vmiName ? [] : [required("spec.vmiName", "name the VirtualMachineInstance that is to be migrated")]),
    ...validateMigrationAnnotations(migration.metadata?.annotations),
    ...setFields(migration.spec, Object.keys(unavailable)).map((field) =>
      forbidden(`spec.${field}`, unavailable[field] ?? ""),
    ),
  ]);
  const obstacle = migrationObstacle(await instanceOf(client, namespace, vmiName));
  if (obstacle !== undefined) throw new StatusError("Forbidden", obstacle);
  await refuseSecond(client, namespace, vmiName);
}

async function instanceOf(client: Client, namespace: string, name: string): Promise<VirtualMachineInstance> {
  try {
    return await client.get(virtualMachineInstances, { namespace, name });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
    throw new StatusError("NotFound", `the VMI "${namespace}/${name}" does not exist`);
  }
}

/** Two that are created in the same instant both pass: the controller then lets one wait for the other. */
async function refuseSecond(client: Client, namespace: string, vmiName: string): Promise<void> {
  const labelSelector = migrationSelector(vmiName);
  const { items } = await client.list(virtualMachineInstanceMigrations, { namespace, labelSelector });
  const active = items.find((each) => !isFinalMigration(each));
  if (active === undefined) return;
  throw new StatusError(
    "Forbidden",
    `in-flight migration detected. Active migration job (${active.metadata?.uid}) is currently already in progress for VMI ${vmiName}.`,
  );
}

function refuseChange(migration: VirtualMachineInstanceMigration, before: VirtualMachineInstanceMigration): void {
  const isChanged = !sameJson(migration.spec, before.spec);
  const label = before.metadata?.labels?.[labels.vmiName];
  const isUnlabelled = migration.metadata?.labels?.[labels.vmiName] !== label;
  refuseCauses(virtualMachineInstanceMigrations, migration, [
    ...(isChanged
      ? [{ reason: "FieldValueForbidden", field: "spec", message: "update of Migration object's spec is restricted" }]
      : []),
    ...(isUnlabelled
      ? [{ reason: "FieldValueForbidden", field: "metadata.labels", message: `${labels.vmiName} must stay ${label}` }]
      : []),
  ]);
}
