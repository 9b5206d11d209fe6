/** A small machine that passes validation, for tests to vary. */
import { defaultConfiguration } from "./configuration.ts";
import { defaultVirtualMachineInstanceSpec } from "./defaults/vmi.ts";
import type { VirtualMachine, VirtualMachineInstance, VirtualMachineInstanceSpec } from "./types.ts";

export const sampleUuid = "5d307ca9-b3ef-428c-8861-06e72d69f223";

/** As a user writes it. */
export function sampleSpec(
  change: (spec: VirtualMachineInstanceSpec) => void = () => undefined,
): VirtualMachineInstanceSpec {
  const spec: VirtualMachineInstanceSpec = {
    domain: {
      firmware: { uuid: sampleUuid },
      memory: { guest: "128Mi" },
      devices: {
        disks: [{ name: "root", disk: { bus: "virtio" } }],
        interfaces: [{ name: "default", masquerade: {} }],
      },
    },
    networks: [{ name: "default", pod: {} }],
    volumes: [{ name: "root", containerDisk: { image: "localhost/vmpod/guest:latest" } }],
  };
  change(spec);
  return spec;
}

/** As it is stored. */
export function sampleVmi(change: (vmi: VirtualMachineInstance) => void = () => undefined): VirtualMachineInstance {
  const vmi: VirtualMachineInstance = {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: { name: "a", namespace: "default", uid: "vmi-uid", resourceVersion: "1" },
    spec: defaultVirtualMachineInstanceSpec(sampleSpec(), defaultConfiguration),
  };
  change(vmi);
  return vmi;
}

export function sampleVm(change: (vm: VirtualMachine) => void = () => undefined): VirtualMachine {
  const vm: VirtualMachine = {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachine",
    metadata: { name: "a", namespace: "default", uid: "vm-uid", resourceVersion: "1", generation: 1 },
    spec: { runStrategy: "Always", template: { spec: sampleSpec() } },
  };
  change(vm);
  return vm;
}
