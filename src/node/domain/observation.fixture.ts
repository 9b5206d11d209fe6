/** A virtual machine for the tests of this directory: one disk, one NIC, at any stage of its life. */
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { ObservedDevices } from "../../qemu/devices/observe.ts";
import { diskSources } from "../disks/disk-source.ts";
import type { MachineObservation, Observation } from "./observation.ts";

export function someVmi(change: { spec?: object; status?: object; metadata?: object } = {}): VirtualMachineInstance {
  return {
    apiVersion: "kubevirt.io/v1",
    kind: "VirtualMachineInstance",
    metadata: { name: "one", namespace: "default", uid: "vmi-uid", ...change.metadata },
    spec: {
      domain: {
        firmware: { uuid: "0c5b00f6-f784-4153-8663-feaeff911673" },
        memory: { guest: "128Mi" },
        devices: {
          disks: [{ name: "root", disk: { bus: "virtio" } }],
          interfaces: [{ name: "default", masquerade: {} }],
        },
      },
      networks: [{ name: "default", pod: {} }],
      volumes: [{ name: "root", containerDisk: { image: "registry/guest:1" } }],
      ...change.spec,
    },
    status: { phase: "Scheduled", ...change.status },
  };
}

/** Devices by id; of which kind does not matter here. */
export function driversOf(...ids: string[]): ReadonlyMap<string, string> {
  return new Map(ids.map((id) => [id, "some-driver"]));
}

export const noDevices: ObservedDevices = {
  devices: driversOf("port0", "port1", "port2"),
  blockNodes: new Set(),
  netdevs: new Set(),
  media: new Map(),
  freePorts: ["port0", "port1", "port2"],
};

export const allDevices: ObservedDevices = {
  devices: driversOf("port0", "port1", "port2", "disk-root", "nic-default"),
  blockNodes: new Set(["disk-root"]),
  netdevs: new Set(["net-default"]),
  media: new Map(),
  freePorts: ["port2"],
};

export function someMachine(change: Partial<MachineObservation> = {}): MachineObservation {
  return {
    runState: "running",
    accelerator: "tcg",
    machineType: "pc-q35-7.2",
    devices: allDevices,
    capacity: { processors: [], hotMemory: undefined },
    agentConnected: false,
    ...change,
  };
}

/** Running, in all respects. */
export function someObservation(change: Partial<Observation> = {}): Observation {
  const vmi = change.vmi ?? someVmi({ status: { phase: "Running" } });
  return {
    key: "default/one",
    now: "2026-01-02T03:04:05Z",
    vmi,
    pod: {
      metadata: { name: "virt-launcher-one-x", namespace: "default", uid: "pod-uid" },
      status: { phase: "Running", podIP: "10.42.0.7", podIPs: [{ ip: "10.42.0.7" }] },
    },
    exit: undefined,
    qemu: { pid: 42, startTicks: 7 },
    machine: someMachine(),
    disks: diskSources(vmi.spec).map((source) => ({
      ...source,
      image: { format: "qcow2" as const, path: source.source.path },
    })),
    networkReady: true,
    unplugAsked: new Set(),
    consoleOpen: true,
    guest: undefined,
    guestDue: false,
    guestHasNews: false,
    links: new Map(),
    broughtOnline: undefined,
    onlineAsked: undefined,
    credentials: undefined,
    bootFailure: undefined,
    failure: undefined,
    panicDetails: undefined,
    ...change,
  };
}
