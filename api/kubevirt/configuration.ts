/** What an administrator may decide for all virtual machines: the part of the KubeVirt resource that vmpod reads. */

export interface VirtConfiguration {
  architecture: string;
  /** Machine type by architecture. */
  machineTypes: Readonly<Record<string, string>>;
  /** How the implicit `default` interface is bound. */
  defaultNetworkInterface: "bridge" | "masquerade";
  evictionStrategy: string | undefined;
  cpuModel: string | undefined;
  /** `Stage`: a changed template waits for a restart. `LiveUpdate`: CPUs and memory may grow while the guest runs. */
  vmRolloutStrategy: "Stage" | "LiveUpdate";
  /** Never use KVM. */
  useEmulation: boolean;
  /** A vCPU asks the scheduler for 1/ratio of a CPU. */
  cpuAllocationRatio: number;
  migrations: VirtMigrationConfiguration;
}

/** `spec.configuration.migrations`, with upstream's defaults filled in. */
export interface VirtMigrationConfiguration {
  parallelMigrationsPerCluster: number;
  parallelOutboundMigrationsPerNode: number;
  /** Bytes a second, as a quantity; `0` is no limit. */
  bandwidthPerMigration: string;
  /** Seconds for each GiB of the guest's memory. */
  completionTimeoutPerGiB: number;
  /** Seconds without progress. */
  progressTimeout: number;
  allowAutoConverge: boolean;
}

export const defaultConfiguration: VirtConfiguration = {
  architecture: "amd64",
  machineTypes: { amd64: "q35", arm64: "virt", s390x: "s390-ccw-virtio" },
  defaultNetworkInterface: "masquerade",
  evictionStrategy: undefined,
  cpuModel: undefined,
  vmRolloutStrategy: "Stage",
  useEmulation: false,
  cpuAllocationRatio: 20,
  migrations: {
    parallelMigrationsPerCluster: 5,
    parallelOutboundMigrationsPerNode: 2,
    bandwidthPerMigration: "0",
    completionTimeoutPerGiB: 150,
    progressTimeout: 150,
    allowAutoConverge: false,
  },
};
