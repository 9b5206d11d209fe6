/** Labels, annotations, finalizers and resource names of `kubevirt.io`, verbatim. */

export const labels = {
  app: "kubevirt.io",
  createdBy: "kubevirt.io/created-by",
  vmName: "vm.kubevirt.io/name",
  vmiName: "kubevirt.io/vmi-name",
  vmiId: "vmi.kubevirt.io/id",
  nodeName: "kubevirt.io/nodeName",
  schedulable: "kubevirt.io/schedulable",
  /** On an instance: a launcher that is started now would be another one than it has. */
  outdatedLauncherImage: "kubevirt.io/outdatedLauncherImage",
  migrationJobUid: "kubevirt.io/migrationJobUID",
  migrationTargetNodeName: "kubevirt.io/migrationTargetNodeName",
  /** On a machine of a pool and on its instance: of which template they were made. */
  poolRevision: "kubevirt.io/vm-pool-revision-name",
  /** On a PersistentVolumeClaim: the machine whose TPM and EFI variables it holds. */
  persistentStateFor: "persistent-state-for",
  /** On a Namespace: how much more memory than requested its launchers may use, where a quota counts limits. */
  autoMemoryLimitsRatio: "alpha.kubevirt.io/auto-memory-limits-ratio",
  /** On a Node: `true` when its kubelet gives containers processors of their own. */
  cpuManager: "cpumanager",
  /** The same, by its later name. */
  cpuManagerOfKubeVirt: "kubevirt.io/cpumanager",
  /** On a Node: `true` when guests were seen to run on its KVM. */
  kvm: "vmpod.dev/kvm",
  /** On a Node: `true` when the configuration lets its agent merge pages that are the same in several guests (KSM). */
  ksmEnabled: "kubevirt.io/ksm-enabled",
} as const;

/** Of labels on Nodes, `PREFIX/NAME: "true"`: what the node's processors are and can. */
export const processorLabels = {
  model: "cpu-model.node.kubevirt.io",
  /** Models that a guest may come with from another node. */
  migratableModel: "cpu-model-migration.node.kubevirt.io",
  feature: "cpu-feature.node.kubevirt.io",
  vendor: "cpu-vendor.node.kubevirt.io",
  hostModel: "host-model-cpu.node.kubevirt.io",
  hostModelFeature: "host-model-required-features.node.kubevirt.io",
} as const;

/** Of labels on Nodes, `PREFIX/ARCHITECTURE: "true"`: of which other architectures machines can run there. */
export const emulationLabel = "emulates.node.vmpod.dev";

/** On a ControllerRevision: of which instance type or preference it is a copy. */
export const revisionLabels = {
  generation: "instancetype.kubevirt.io/object-generation",
  kind: "instancetype.kubevirt.io/object-kind",
  name: "instancetype.kubevirt.io/object-name",
  uid: "instancetype.kubevirt.io/object-uid",
  version: "instancetype.kubevirt.io/object-version",
} as const;

/** On volumes and what fills them: of what a machine with them is to be made. */
export const inferenceLabels = {
  instancetype: "instancetype.kubevirt.io/default-instancetype",
  instancetypeKind: "instancetype.kubevirt.io/default-instancetype-kind",
  preference: "instancetype.kubevirt.io/default-preference",
  preferenceKind: "instancetype.kubevirt.io/default-preference-kind",
} as const;

/** The value of `labels.app` on a launcher pod. */
export const launcherApp = "virt-launcher";

export const annotations = {
  domain: "kubevirt.io/domain",
  vmGeneration: "kubevirt.io/vm-generation",
  /** On an instance: of which template it was made. */
  templateHash: "vmpod.dev/template-hash",
  /** On an instance type or preference that came with vmpod: what it was then. */
  shippedHash: "vmpod.dev/shipped-hash",
  pciTopologyVersion: "kubevirt.io/pci-topology-version",
  memoryOverheadBytes: "kubevirt.io/memory-overhead-bytes",
  /** On a VMI or VM template: what Ignition sets the guest up from, JSON. */
  ignitionData: "kubevirt.io/ignitiondata",
  /** `true` on a VMI or VM template: the guest does not tell which pages it has no use for. */
  freePageReportingDisabled: "kubevirt.io/free-page-reporting-disabled",
  /** `true` on a VMI or VM template: PCI devices have no room above 4 GiB. */
  disablePciHole64: "kubevirt.io/disablePCIHole64",
  /** On a migration: seconds after which a target pod is given up that no node takes, or that does not become ready. */
  unschedulableTimeout: "kubevirt.io/migrationUnschedulablePodTimeoutSeconds",
  pendingTimeout: "kubevirt.io/migrationPendingPodTimeoutSeconds",
  /** `true` on a Node, by its owner: its agent does not write what its processor is and can. */
  skipNodeLabels: "node-labeller.kubevirt.io/skip-node",
  /** On an instance that has been given sockets while it ran: with how many its guest was booted. */
  socketsAtBoot: "vmpod.dev/sockets-at-boot",
  /** On a launcher pod: how many sockets, and how much of guest memory, it has been given resources for. */
  roomForSockets: "vmpod.dev/room-for-sockets",
  roomForMemory: "vmpod.dev/room-for-memory",
  /** `true` on a VMI or VM template: never use KVM for it. */
  useEmulation: "vmpod.dev/use-emulation",
  /** `true` on a VMI or VM template: the guest may ask who it is at 169.254.169.254. */
  metadataService: "vmpod.dev/metadata-service",
  /** On a Node: where its VM agent serves, `https://IP:PORT`. */
  agentEndpoint: "vmpod.dev/agent-endpoint",
  /** On a Node: when its VM agent was last seen alive, RFC 3339. */
  heartbeat: "kubevirt.io/heartbeat",
  /** On a Node: what was found out about its KVM, for people. */
  kvmReason: "vmpod.dev/kvm-reason",
  /** On a Node: `true` while KSM runs there because its agent has turned it on. */
  ksmManaged: "kubevirt.io/ksm-handler-managed",
  migrationJobName: "kubevirt.io/migrationJobName",
  /** On a migration: it brings a machine to a newer launcher. */
  workloadUpdateMigration: "kubevirt.io/workloadUpdateMigration",
  /** On a migration: the node that is to be emptied. */
  evacuationMigration: "kubevirt.io/evacuationMigration",
  /** On a migration: when the guest stood still at its source, and went on at its target; RFC 3339 with milliseconds. */
  guestStoppedAt: "vmpod.dev/guest-stopped-at",
  guestResumedAt: "vmpod.dev/guest-resumed-at",
  /** On a migration: milliseconds between those two. */
  migrationDowntimeMs: "vmpod.dev/migration-downtime-ms",
} as const;

/** On a Node, by its owner: how its agent tunes KSM, instead of the usual numbers. */
export const ksmOverrides = {
  pagesBoost: "kubevirt.io/ksm-pages-boost-override",
  pagesDecay: "kubevirt.io/ksm-pages-decay-override",
  pagesMin: "kubevirt.io/ksm-pages-min-override",
  pagesMax: "kubevirt.io/ksm-pages-max-override",
  pagesInit: "kubevirt.io/ksm-pages-init-override",
  sleepMsBaseline: "kubevirt.io/ksm-sleep-ms-baseline-override",
  freePercent: "kubevirt.io/ksm-free-percent-override",
} as const;

export const finalizers = {
  virtualMachine: "kubevirt.io/virtualMachineControllerFinalize",
  virtualMachineInstance: "kubevirt.io/foregroundDeleteVirtualMachine",
  migration: "kubevirt.io/migrationJobFinalize",
} as const;

export const deviceResources = {
  kvm: "devices.kubevirt.io/kvm",
  tun: "devices.kubevirt.io/tun",
  vhostNet: "devices.kubevirt.io/vhost-net",
} as const;

/** Labels that only the controllers may put on a VirtualMachineInstance or change. */
export const reservedLabels: readonly string[] = [
  labels.createdBy,
  labels.nodeName,
  labels.migrationJobUid,
  labels.migrationTargetNodeName,
  labels.app,
];

/** The user and group that QEMU runs as. */
export const runtimeUser = 107;
