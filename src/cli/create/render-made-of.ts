/** The instance type or preference that the flags of `create instancetype` and `create preference` describe. Pure. */
import type { KubeObject } from "../../../api/meta.ts";
import type { InstancetypeSpec, PreferenceSpec } from "../../../api/kubevirt/instancetype/specs.ts";
import { validateInstancetype, validatePreference } from "../../../api/kubevirt/instancetype/validate.ts";
import type { StatusCause } from "../../base/errors.ts";
import { parseWords } from "./words.ts";

interface Named {
  name: string;
  namespace?: string | undefined;
  namespaced?: boolean;
}

export interface InstancetypeOptions extends Named {
  cpu: number;
  memory: string;
  gpu?: readonly string[];
  hostdevice?: readonly string[];
  iothreadspolicy?: string;
}

export interface PreferenceOptions extends Named {
  cpuTopology?: string;
  machineType?: string;
  volumeStorageClass?: string;
}

export type Manifest<Spec> = KubeObject & { spec: Spec };

export function renderInstancetype(options: InstancetypeOptions): Manifest<InstancetypeSpec> {
  const { cpu, memory, gpu = [], hostdevice = [], iothreadspolicy } = options;
  const spec: InstancetypeSpec = {
    cpu: { guest: cpu },
    memory: { guest: memory },
    ...(gpu.length > 0 && { gpus: gpu.map((text) => device("gpu", text)) }),
    ...(hostdevice.length > 0 && { hostDevices: hostdevice.map((text) => device("hostdevice", text)) }),
    ...(iothreadspolicy && { ioThreadsPolicy: iothreadspolicy }),
  };
  refuse(validateInstancetype(spec));
  return manifest("Instancetype", options, spec);
}

export function renderPreference(options: PreferenceOptions): Manifest<PreferenceSpec> {
  const { cpuTopology, machineType, volumeStorageClass } = options;
  const spec: PreferenceSpec = {
    ...(cpuTopology && { cpu: { preferredCPUTopology: cpuTopology } }),
    ...(machineType && { machine: { preferredMachineType: machineType } }),
    ...(volumeStorageClass && { volumes: { preferredStorageClassName: volumeStorageClass } }),
  };
  refuse(validatePreference(spec));
  return manifest("Preference", options, spec);
}

function device(flag: string, text: string): { name: string; deviceName: string } {
  const { name, devicename } = parseWords(flag, text, ["name", "devicename"]);
  if (name === undefined || devicename === undefined)
    throw new Error(`--${flag}: ${JSON.stringify(text)} must say name:NAME,devicename:RESOURCE`);
  return { name, deviceName: devicename };
}

/** What the API would refuse is said here already. */
function refuse(causes: readonly StatusCause[]): void {
  if (causes.length > 0) throw new Error(causes.map(({ field, message }) => `${field}: ${message}`).join("\n"));
}

function manifest<Spec>(suffix: string, { name, namespace, namespaced }: Named, spec: Spec): Manifest<Spec> {
  return {
    apiVersion: "instancetype.kubevirt.io/v1beta1",
    kind: `VirtualMachine${namespaced ? "" : "Cluster"}${suffix}`,
    metadata: { name, ...(namespaced && namespace && { namespace }) },
    spec,
  };
}
