/** What upstream's CustomResourceDefinitions say besides their schemas. */
export interface CustomKind {
  group: string;
  /** The version that is stored, first; others share its schema. */
  versions: string[];
  kind: string;
  plural: string;
  shortNames?: string[];
  scope: "Namespaced" | "Cluster";
  inCategoryAll?: boolean;
  /** Interface of the TypeScript package. */
  model: string;
  status?: boolean;
  scale?: boolean;
  columns?: Column[];
}

export interface Column {
  name: string;
  type: "string" | "integer" | "boolean" | "date";
  jsonPath: string;
  description?: string;
  priority?: number;
}

const column = (name: string, jsonPath: string, rest: Partial<Column> = {}): Column => ({
  name,
  type: "string",
  jsonPath,
  ...rest,
});
const condition = (name: string, type: string, rest: Partial<Column> = {}) =>
  column(name, `.status.conditions[?(@.type=='${type}')].status`, rest);
const age = column("Age", ".metadata.creationTimestamp", { type: "date" });
const phase = column("Phase", ".status.phase");
const sourceKind = column("SourceKind", ".spec.source.kind");
const sourceName = column("SourceName", ".spec.source.name");
const readyToUse = column("ReadyToUse", ".status.readyToUse", { type: "boolean" });
const creationTime = column("CreationTime", ".status.creationTime", { type: "date" });
const error = column("Error", ".status.error.message");
const replicas = [
  column("Desired", ".spec.replicas", { type: "integer", description: "Number of desired VirtualMachineInstances" }),
  column("Current", ".status.replicas", {
    type: "integer",
    description: "Number of managed and not final or deleted VirtualMachineInstances",
  }),
  column("Ready", ".status.readyReplicas", {
    type: "integer",
    description: "Number of managed VirtualMachineInstances which are ready to receive traffic",
  }),
  age,
];

const kubevirt = {
  group: "kubevirt.io",
  versions: ["v1", "v1alpha3"],
  scope: "Namespaced",
  inCategoryAll: true,
} as const;
const snapshot = {
  group: "snapshot.kubevirt.io",
  versions: ["v1beta1", "v1alpha1"],
  scope: "Namespaced",
  inCategoryAll: true,
  status: true,
} as const;
const instancetype = { group: "instancetype.kubevirt.io", versions: ["v1beta1"] } as const;

const kubevirtVersions = () => [...kubevirt.versions];
const snapshotVersions = () => [...snapshot.versions];
const instancetypeVersions = () => [...instancetype.versions];

export const kubevirtKinds: CustomKind[] = [
  {
    ...kubevirt,
    versions: kubevirtVersions(),
    kind: "VirtualMachine",
    plural: "virtualmachines",
    shortNames: ["vm", "vms"],
    model: "V1VirtualMachine",
    status: true,
    columns: [
      age,
      column("Status", ".status.printableStatus", { description: "Human Readable Status" }),
      condition("Ready", "Ready"),
    ],
  },
  {
    ...kubevirt,
    versions: kubevirtVersions(),
    kind: "VirtualMachineInstance",
    plural: "virtualmachineinstances",
    shortNames: ["vmi", "vmis"],
    model: "V1VirtualMachineInstance",
    // Upstream guards the status by a webhook instead; a subresource also lets the node agents write nothing else.
    status: true,
    columns: [
      age,
      phase,
      column("IP", ".status.interfaces[0].ipAddress"),
      column("NodeName", ".status.nodeName"),
      condition("Ready", "Ready"),
      condition("Live-Migratable", "LiveMigratable", { priority: 1 }),
      condition("Paused", "Paused", { priority: 1 }),
    ],
  },
  {
    ...kubevirt,
    versions: kubevirtVersions(),
    kind: "VirtualMachineInstanceReplicaSet",
    plural: "virtualmachineinstancereplicasets",
    shortNames: ["vmirs", "vmirss"],
    model: "V1VirtualMachineInstanceReplicaSet",
    status: true,
    scale: true,
    columns: replicas,
  },
  {
    ...kubevirt,
    versions: kubevirtVersions(),
    kind: "VirtualMachineInstanceMigration",
    plural: "virtualmachineinstancemigrations",
    shortNames: ["vmim", "vmims"],
    model: "V1VirtualMachineInstanceMigration",
    status: true,
    columns: [
      column("Phase", ".status.phase", { description: "The current phase of VM instance migration" }),
      column("VMI", ".spec.vmiName", { description: "The name of the VMI to perform the migration on" }),
    ],
  },
  {
    ...kubevirt,
    versions: kubevirtVersions(),
    kind: "VirtualMachineInstancePreset",
    plural: "virtualmachineinstancepresets",
    shortNames: ["vmipreset", "vmipresets"],
    model: "V1VirtualMachineInstancePreset",
  },
  {
    ...kubevirt,
    versions: kubevirtVersions(),
    kind: "KubeVirt",
    plural: "kubevirts",
    shortNames: ["kv", "kvs"],
    model: "V1KubeVirt",
    status: true,
    columns: [age, phase],
  },
  {
    group: "pool.kubevirt.io",
    versions: ["v1beta1", "v1alpha1"],
    kind: "VirtualMachinePool",
    plural: "virtualmachinepools",
    shortNames: ["vmpool", "vmpools"],
    scope: "Namespaced",
    inCategoryAll: true,
    model: "V1beta1VirtualMachinePool",
    status: true,
    scale: true,
    columns: replicas,
  },
  {
    ...snapshot,
    versions: snapshotVersions(),
    kind: "VirtualMachineSnapshot",
    plural: "virtualmachinesnapshots",
    shortNames: ["vmsnapshot", "vmsnapshots"],
    model: "V1beta1VirtualMachineSnapshot",
    columns: [sourceKind, sourceName, phase, readyToUse, creationTime, error],
  },
  {
    ...snapshot,
    versions: snapshotVersions(),
    kind: "VirtualMachineSnapshotContent",
    plural: "virtualmachinesnapshotcontents",
    shortNames: ["vmsnapshotcontent", "vmsnapshotcontents"],
    model: "V1beta1VirtualMachineSnapshotContent",
    columns: [readyToUse, creationTime, error],
  },
  {
    ...snapshot,
    versions: snapshotVersions(),
    kind: "VirtualMachineRestore",
    plural: "virtualmachinerestores",
    shortNames: ["vmrestore", "vmrestores"],
    model: "V1beta1VirtualMachineRestore",
    columns: [
      column("TargetKind", ".spec.target.kind"),
      column("TargetName", ".spec.target.name"),
      column("Complete", ".status.complete", { type: "boolean" }),
      column("RestoreTime", ".status.restoreTime", { type: "date" }),
      error,
    ],
  },
  {
    group: "clone.kubevirt.io",
    versions: ["v1beta1", "v1alpha1"],
    kind: "VirtualMachineClone",
    plural: "virtualmachineclones",
    shortNames: ["vmclone", "vmclones"],
    scope: "Namespaced",
    inCategoryAll: true,
    model: "V1beta1VirtualMachineClone",
    status: true,
    columns: [
      phase,
      column("SourceVirtualMachine", ".spec.source.name"),
      column("TargetVirtualMachine", ".spec.target.name"),
    ],
  },
  {
    group: "export.kubevirt.io",
    versions: ["v1", "v1beta1"],
    kind: "VirtualMachineExport",
    plural: "virtualmachineexports",
    shortNames: ["vmexport", "vmexports"],
    scope: "Namespaced",
    inCategoryAll: true,
    model: "V1beta1VirtualMachineExport",
    status: true,
    columns: [sourceKind, sourceName, phase],
  },
  {
    group: "backup.kubevirt.io",
    versions: ["v1alpha1"],
    kind: "VirtualMachineBackup",
    plural: "virtualmachinebackups",
    shortNames: ["vmbackup", "vmbackups"],
    scope: "Namespaced",
    inCategoryAll: true,
    model: "V1alpha1VirtualMachineBackup",
    status: true,
    columns: [
      sourceKind,
      sourceName,
      column("Type", ".status.type"),
      column("CheckpointName", ".status.checkpointName"),
    ],
  },
  {
    ...instancetype,
    versions: instancetypeVersions(),
    kind: "VirtualMachineInstancetype",
    plural: "virtualmachineinstancetypes",
    shortNames: ["vminstancetype", "vminstancetypes", "vmf", "vmfs"],
    scope: "Namespaced",
    inCategoryAll: true,
    model: "V1beta1VirtualMachineInstancetype",
  },
  {
    ...instancetype,
    versions: instancetypeVersions(),
    kind: "VirtualMachineClusterInstancetype",
    plural: "virtualmachineclusterinstancetypes",
    shortNames: ["vmclusterinstancetype", "vmclusterinstancetypes", "vmcf", "vmcfs"],
    scope: "Cluster",
    model: "V1beta1VirtualMachineClusterInstancetype",
  },
  {
    ...instancetype,
    versions: instancetypeVersions(),
    kind: "VirtualMachinePreference",
    plural: "virtualmachinepreferences",
    shortNames: ["vmpref", "vmprefs", "vmp", "vmps"],
    scope: "Namespaced",
    inCategoryAll: true,
    model: "V1beta1VirtualMachinePreference",
  },
  {
    ...instancetype,
    versions: instancetypeVersions(),
    kind: "VirtualMachineClusterPreference",
    plural: "virtualmachineclusterpreferences",
    shortNames: ["vmcp", "vmcps"],
    scope: "Cluster",
    model: "V1beta1VirtualMachineClusterPreference",
  },
  {
    group: "migrations.kubevirt.io",
    versions: ["v1alpha1"],
    kind: "MigrationPolicy",
    plural: "migrationpolicies",
    scope: "Cluster",
    model: "V1alpha1MigrationPolicy",
    status: true,
  },
];

const cdi = { group: "cdi.kubevirt.io", versions: ["v1beta1"] };

export const cdiKinds: CustomKind[] = [
  {
    ...cdi,
    kind: "DataVolume",
    plural: "datavolumes",
    shortNames: ["dv", "dvs"],
    scope: "Namespaced",
    inCategoryAll: true,
    model: "V1beta1DataVolume",
    status: true,
    columns: [
      column("Phase", ".status.phase", { description: "The phase the data volume is in" }),
      column("Progress", ".status.progress", {
        description: "Transfer progress in percentage if known, N/A otherwise",
      }),
      column("Restarts", ".status.restartCount", {
        type: "integer",
        description: "The number of times the transfer has been restarted.",
      }),
      age,
    ],
  },
  {
    ...cdi,
    kind: "DataSource",
    plural: "datasources",
    shortNames: ["das"],
    scope: "Namespaced",
    inCategoryAll: true,
    model: "V1beta1DataSource",
    status: true,
  },
  {
    ...cdi,
    kind: "DataImportCron",
    plural: "dataimportcrons",
    shortNames: ["dic", "dics"],
    scope: "Namespaced",
    inCategoryAll: true,
    model: "V1beta1DataImportCron",
    status: true,
    columns: [column("Format", ".status.sourceFormat")],
  },
  {
    ...cdi,
    kind: "CDIConfig",
    plural: "cdiconfigs",
    scope: "Cluster",
    model: "V1beta1CDIConfig",
  },
  {
    ...cdi,
    kind: "CDI",
    plural: "cdis",
    shortNames: ["cdi", "cdis"],
    scope: "Cluster",
    model: "V1beta1CDI",
    status: true,
    columns: [age, phase],
  },
];
