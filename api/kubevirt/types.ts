/** Short names for the parts of a VirtualMachineInstance; the shapes are upstream's own. */
import type {
  V1AccessCredential,
  V1ContainerDiskSource,
  V1CPU,
  V1Devices,
  V1Disk,
  V1DomainSpec,
  V1Firmware,
  V1Interface,
  V1Memory,
  V1Network,
  V1Probe,
  V1VirtualMachineInstanceSpec,
  V1VirtualMachineInstanceStatus,
  V1VirtualMachineSpec,
  V1VirtualMachineStatus,
  V1Volume,
} from "@kubevirt-ui-ext/kubevirt-api/kubevirt";
import type { Condition, ObjectMeta } from "../meta.ts";

export type AccessCredential = V1AccessCredential;
export type ContainerDiskSource = V1ContainerDiskSource;
export type Cpu = V1CPU;
export type Devices = V1Devices;
export type Disk = V1Disk;
export type Domain = V1DomainSpec;
export type Firmware = V1Firmware;
export type Interface = V1Interface;
export type Memory = V1Memory;
export type Network = V1Network;
export type Probe = V1Probe;
export type Volume = V1Volume;
export type VirtualMachineInstanceSpec = V1VirtualMachineInstanceSpec;

export interface VirtualMachineInstanceStatus extends Omit<V1VirtualMachineInstanceStatus, "conditions"> {
  conditions?: Condition[];
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
