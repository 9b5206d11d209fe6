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
}

/** Where configuration comes from while it may change. */
export type ConfigurationSource = () => VirtConfiguration;

export const defaultConfiguration: VirtConfiguration = {
  architecture: "amd64",
  machineTypes: { amd64: "q35", arm64: "virt", s390x: "s390-ccw-virtio" },
  defaultNetworkInterface: "masquerade",
  evictionStrategy: undefined,
  cpuModel: undefined,
  vmRolloutStrategy: "Stage",
  useEmulation: false,
  cpuAllocationRatio: 20,
};
