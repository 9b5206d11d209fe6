/** Short names for the parts of a VirtualMachineInstance; the shapes are upstream's own. */
import type {
  V1AccessCredential,
  V1ContainerDiskSource,
  V1CPU,
  V1Devices,
  V1Disk,
  V1DomainSpec,
  V1Filesystem,
  V1Firmware,
  V1Interface,
  V1Memory,
  V1Network,
  V1Probe,
  V1VirtualMachineInstanceMigrationState,
  V1VirtualMachineInstanceSpec,
  V1VirtualMachineInstanceStatus,
  V1VirtualMachineSpec,
  V1VirtualMachineStatus,
  V1Volume,
  V1VolumeStatus,
} from "@kubevirt-ui-ext/kubevirt-api/kubevirt";
import type { Condition, ObjectMeta } from "../meta.ts";
import type { StartTrace } from "./start-trace.ts";

export type AccessCredential = V1AccessCredential;
export type ContainerDiskSource = V1ContainerDiskSource;
export type Cpu = V1CPU;
export type Devices = V1Devices;
export type Disk = V1Disk;
export type Domain = V1DomainSpec;
export type Filesystem = V1Filesystem;
export type Firmware = V1Firmware;
export type Interface = V1Interface & { portRanges?: PortRange[] };
export type Memory = V1Memory;
export type Network = V1Network & {
  /** The published types call it _default. */
  multus?: { default?: boolean };
};
export type Probe = V1Probe;
export type Volume = V1Volume;
export type VirtualMachineInstanceSpec = V1VirtualMachineInstanceSpec & { serviceAccountName?: string };

/** Newer than the types that are published. */
export interface PortRange {
  start: number;
  end: number;
  protocol?: string;
}

export interface VirtualMachineInstanceStatus
  extends Omit<V1VirtualMachineInstanceStatus, "conditions" | "migrationState" | "volumeStatus"> {
  conditions?: Condition[];
  /** vmpod's own, beside upstream's fields. */
  startTrace?: StartTrace;
  migrationState?: V1VirtualMachineInstanceMigrationState & { transport?: MigrationTransport };
  /** What is no disk, e.g. a dump, has no target. */
  volumeStatus?: (Omit<V1VolumeStatus, "target"> & { target?: string })[];
}

/** vmpod's own, beside upstream's fields: what the two ends of a migration between nodes must know of each other. */
export interface MigrationTransport {
  /** Certificate (PEM) of an authority that signed one certificate only: that of this end's QEMU, for this migration. */
  sourceAuthority?: string;
  targetAuthority?: string;
  /** What lives in the source's pod and is to be copied. */
  disks?: MovedDisk[];
}

export interface MovedDisk {
  /** The volume. */
  name: string;
  /** Of a medium: how large its file is. */
  sizeBytes?: number;
  /** Of a containerDisk: `sha256:HEX` of the file in the image that its overlay lies on. */
  imageDigest?: string;
}

export interface VirtualMachineInstance {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
  spec: VirtualMachineInstanceSpec;
  status?: VirtualMachineInstanceStatus;
}

export interface VirtualMachineSpec extends Omit<V1VirtualMachineSpec, "template"> {
  template: { metadata?: ObjectMeta; spec: VirtualMachineInstanceSpec };
}

export interface VirtualMachineStatus extends Omit<V1VirtualMachineStatus, "conditions"> {
  conditions?: Condition[];
}

export interface VirtualMachine {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
  spec: VirtualMachineSpec;
  status?: VirtualMachineStatus;
}
