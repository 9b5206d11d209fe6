/** The custom resources of KubeVirt and its sister groups. */
import type * as models from "@kubevirt-ui-ext/kubevirt-api/kubevirt";
import type { Condition, Kind, ObjectMeta, Resource } from "../meta.ts";
import type { VirtualMachine, VirtualMachineInstance, VirtualMachineSpec } from "./types.ts";

/** The generated types leave the times of conditions out. */
type WithConditions<T extends { status?: { conditions?: unknown } }> = Omit<Kind<T>, "status"> & {
  status?: Omit<NonNullable<T["status"]>, "conditions"> & { conditions?: Condition[] };
};

export interface VirtualMachineInstanceReplicaSet
  extends Omit<WithConditions<models.V1VirtualMachineInstanceReplicaSet>, "spec"> {
  spec: Omit<models.V1VirtualMachineInstanceReplicaSetSpec, "template"> & Pick<VirtualMachineSpec, "template">;
}
export interface VirtualMachineInstanceMigration extends Kind<models.V1VirtualMachineInstanceMigration> {}
export interface VirtualMachineInstancePreset extends Kind<models.V1VirtualMachineInstancePreset> {}
/** The generated type calls `spec.configuration` by another name. */
export interface KubeVirt extends Omit<Kind<models.V1KubeVirt>, "spec" | "status"> {
  spec: Omit<models.V1KubeVirtSpec, "_configuration"> & { configuration?: models.V1KubeVirtConfiguration };
  status?: Omit<models.V1KubeVirtStatus, "conditions"> & { conditions?: Condition[] };
}
export interface VirtualMachinePool extends Omit<WithConditions<models.V1beta1VirtualMachinePool>, "spec"> {
  spec: Omit<models.V1beta1VirtualMachinePoolSpec, "virtualMachineTemplate" | "maxUnavailable"> & {
    virtualMachineTemplate: { metadata?: ObjectMeta; spec: VirtualMachineSpec };
    maxUnavailable?: number | string;
  };
}
export interface VirtualMachineSnapshot extends Kind<models.V1beta1VirtualMachineSnapshot> {}
export interface VirtualMachineSnapshotContent extends Kind<models.V1beta1VirtualMachineSnapshotContent> {}
export interface VirtualMachineRestore extends Kind<models.V1beta1VirtualMachineRestore> {}
export interface VirtualMachineClone extends Kind<models.V1beta1VirtualMachineClone> {}
export interface VirtualMachineExport extends Kind<models.V1beta1VirtualMachineExport> {}
export interface VirtualMachineBackup extends Kind<models.V1alpha1VirtualMachineBackup> {}
export interface VirtualMachineInstancetype extends Kind<models.V1beta1VirtualMachineInstancetype> {}
export interface VirtualMachineClusterInstancetype extends Kind<models.V1beta1VirtualMachineClusterInstancetype> {}
export interface VirtualMachinePreference extends Kind<models.V1beta1VirtualMachinePreference> {}
export interface VirtualMachineClusterPreference extends Kind<models.V1beta1VirtualMachineClusterPreference> {}
export interface MigrationPolicy extends Kind<models.V1alpha1MigrationPolicy> {}

export const virtualMachines: Resource<VirtualMachine> = {
  group: "kubevirt.io",
  version: "v1",
  plural: "virtualmachines",
  kind: "VirtualMachine",
  namespaced: true,
};
export const virtualMachineInstances: Resource<VirtualMachineInstance> = {
  group: "kubevirt.io",
  version: "v1",
  plural: "virtualmachineinstances",
  kind: "VirtualMachineInstance",
  namespaced: true,
};
export const virtualMachineInstanceReplicaSets: Resource<VirtualMachineInstanceReplicaSet> = {
  group: "kubevirt.io",
  version: "v1",
  plural: "virtualmachineinstancereplicasets",
  kind: "VirtualMachineInstanceReplicaSet",
  namespaced: true,
};
export const virtualMachineInstanceMigrations: Resource<VirtualMachineInstanceMigration> = {
  group: "kubevirt.io",
  version: "v1",
  plural: "virtualmachineinstancemigrations",
  kind: "VirtualMachineInstanceMigration",
  namespaced: true,
};
export const virtualMachineInstancePresets: Resource<VirtualMachineInstancePreset> = {
  group: "kubevirt.io",
  version: "v1",
  plural: "virtualmachineinstancepresets",
  kind: "VirtualMachineInstancePreset",
  namespaced: true,
};
export const kubeVirts: Resource<KubeVirt> = {
  group: "kubevirt.io",
  version: "v1",
  plural: "kubevirts",
  kind: "KubeVirt",
  namespaced: true,
};
export const virtualMachinePools: Resource<VirtualMachinePool> = {
  group: "pool.kubevirt.io",
  version: "v1beta1",
  plural: "virtualmachinepools",
  kind: "VirtualMachinePool",
  namespaced: true,
};
export const virtualMachineSnapshots: Resource<VirtualMachineSnapshot> = {
  group: "snapshot.kubevirt.io",
  version: "v1beta1",
  plural: "virtualmachinesnapshots",
  kind: "VirtualMachineSnapshot",
  namespaced: true,
};
export const virtualMachineSnapshotContents: Resource<VirtualMachineSnapshotContent> = {
  group: "snapshot.kubevirt.io",
  version: "v1beta1",
  plural: "virtualmachinesnapshotcontents",
  kind: "VirtualMachineSnapshotContent",
  namespaced: true,
};
export const virtualMachineRestores: Resource<VirtualMachineRestore> = {
  group: "snapshot.kubevirt.io",
  version: "v1beta1",
  plural: "virtualmachinerestores",
  kind: "VirtualMachineRestore",
  namespaced: true,
};
export const virtualMachineClones: Resource<VirtualMachineClone> = {
  group: "clone.kubevirt.io",
  version: "v1beta1",
  plural: "virtualmachineclones",
  kind: "VirtualMachineClone",
  namespaced: true,
};
export const virtualMachineExports: Resource<VirtualMachineExport> = {
  group: "export.kubevirt.io",
  version: "v1beta1",
  plural: "virtualmachineexports",
  kind: "VirtualMachineExport",
  namespaced: true,
};
export const virtualMachineBackups: Resource<VirtualMachineBackup> = {
  group: "backup.kubevirt.io",
  version: "v1alpha1",
  plural: "virtualmachinebackups",
  kind: "VirtualMachineBackup",
  namespaced: true,
};
export const virtualMachineInstancetypes: Resource<VirtualMachineInstancetype> = {
  group: "instancetype.kubevirt.io",
  version: "v1beta1",
  plural: "virtualmachineinstancetypes",
  kind: "VirtualMachineInstancetype",
  namespaced: true,
};
export const virtualMachineClusterInstancetypes: Resource<VirtualMachineClusterInstancetype> = {
  group: "instancetype.kubevirt.io",
  version: "v1beta1",
  plural: "virtualmachineclusterinstancetypes",
  kind: "VirtualMachineClusterInstancetype",
  namespaced: false,
};
export const virtualMachinePreferences: Resource<VirtualMachinePreference> = {
  group: "instancetype.kubevirt.io",
  version: "v1beta1",
  plural: "virtualmachinepreferences",
  kind: "VirtualMachinePreference",
  namespaced: true,
};
export const virtualMachineClusterPreferences: Resource<VirtualMachineClusterPreference> = {
  group: "instancetype.kubevirt.io",
  version: "v1beta1",
  plural: "virtualmachineclusterpreferences",
  kind: "VirtualMachineClusterPreference",
  namespaced: false,
};
export const migrationPolicies: Resource<MigrationPolicy> = {
  group: "migrations.kubevirt.io",
  version: "v1alpha1",
  plural: "migrationpolicies",
  kind: "MigrationPolicy",
  namespaced: false,
};
