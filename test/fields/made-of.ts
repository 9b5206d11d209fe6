/** Instance types and preferences: what each of their fields makes of a machine that leaves everything open. */
import { defaultConfiguration } from "../../api/kubevirt/configuration.ts";
import { spreads, topologies } from "../../api/kubevirt/instancetype/cpu-topology.ts";
import { expandVirtualMachine } from "../../api/kubevirt/instancetype/expand.ts";
import type { InstancetypeSpec, MachineSpecs, PreferenceSpec } from "../../api/kubevirt/instancetype/specs.ts";
import { virtualMachineClusterInstancetypes, virtualMachineClusterPreferences } from "../../api/kubevirt/resources.ts";
import type { VirtualMachine } from "../../api/kubevirt/types.ts";
import type { InProcessApi } from "../admission/in-process.ts";
import type { Along } from "./place.ts";
import { fieldsOf, specSchema } from "./schema-fields.ts";
import { admitted, type Subject, subjectName } from "./subject.ts";
import type { ValueTable } from "./values.ts";

/** @param more of its devices */
function openMachine(more: object, architecture?: string): VirtualMachine {
  const devices = {
    disks: [{ name: "disk" }, { name: "cdrom", cdrom: {} }, { name: "lun", lun: {} }],
    interfaces: [{ name: "default" }],
    inputs: [{ name: "pointer" }],
    sound: { name: "sound" },
    ...more,
  };
  const networks = [{ name: "default", pod: {} }];
  const dataVolumeTemplates = [{ metadata: { name: "disk" }, spec: { storage: {} } }];
  const spec = { dataVolumeTemplates, template: { spec: { architecture, domain: { devices }, networks } } };
  return { metadata: { name: subjectName }, spec } as unknown as VirtualMachine;
}

/** Machines written out. What of them is refused is told of each machine. */
function outcomeWith(specs: MachineSpecs, machines: readonly VirtualMachine[]): string {
  return JSON.stringify(machines.map((machine) => expandVirtualMachine(machine, specs, defaultConfiguration)));
}

const size: InstancetypeSpec = { cpu: { guest: 12 }, memory: { guest: "128Mi" } };

export function instancetypes(api: InProcessApi): Subject {
  const schema = specSchema("VirtualMachineClusterInstancetype");
  return {
    kind: "VirtualMachineClusterInstancetype",
    fields: fieldsOf(schema),
    grounds: { spec: { ...size }, schema, values: [], alternatives: [], along: [] },
    attempt: admitted(api, virtualMachineClusterInstancetypes, ({ spec }) =>
      outcomeWith({ instancetype: spec }, [openMachine({})]),
    ),
    inert: [],
  };
}

type Firmware = NonNullable<PreferenceSpec["firmware"]>;

/** Requirements are some that the machine does not meet, each in another way. */
const preferenceValues: ValueTable = [
  // To an instance type, any is sockets.
  [/^cpu\.preferredCPUTopology$/, topologies.filter((topology) => topology !== "any")],
  [/^cpu\.spreadOptions\.across$/, [...spreads]],
  [/^requirements\.architecture$/, ["arm64", "s390x"]],
  [/^requirements\.cpu\.guest$/, [13, 14]],
  [/^requirements\.memory\.guest$/, ["256Mi", "512Mi"]],
];

const alongPreference: Along = [
  [
    /DedicatedIoThread$/,
    (spec: PreferenceSpec) => {
      spec.devices = { ...spec.devices, preferredDiskBus: "virtio" };
    },
  ],
  [
    /[sS]pread/,
    (spec: PreferenceSpec) => {
      spec.cpu = { ...spec.cpu, preferredCPUTopology: "spread" };
    },
  ],
  [
    /^firmware\.preferredUseBiosSerial$/,
    ({ firmware }: { firmware: Firmware }) => {
      firmware.preferredUseBios = true;
    },
  ],
  [
    /^firmware\.preferredUseSecureBoot$/,
    ({ firmware }: { firmware: Firmware }) => {
      firmware.preferredUseEfi = true;
    },
  ],
];

export function preferences(api: InProcessApi): Subject {
  const schema = specSchema("VirtualMachineClusterPreference");
  const devices = { gpus: [{ name: "gpu", deviceName: "a/gpu" }] };
  const machines = [openMachine(devices), openMachine(devices, "amd64")];
  return {
    kind: "VirtualMachineClusterPreference",
    fields: fieldsOf(schema),
    grounds: { spec: {}, schema, values: preferenceValues, alternatives: [], along: alongPreference },
    attempt: admitted(api, virtualMachineClusterPreferences, ({ spec }) =>
      outcomeWith({ instancetype: size, preference: spec }, machines),
    ),
    inert: [],
  };
}
