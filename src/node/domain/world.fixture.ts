/** A model of everything outside the agent, as far as bringing a guest up concerns it: for property tests of the plan. */
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { DeviceAction } from "../../qemu/devices/action.ts";
import type { RunState } from "../../qemu/qmp/commands.ts";
import { decidePhase } from "../status/phase.ts";
import { driversOf, noDevices, someMachine, someObservation } from "./observation.fixture.ts";
import type { Observation } from "./observation.ts";
import type { Action } from "./plan.ts";

export interface World {
  vmi: VirtualMachineInstance;
  runState: RunState;
  /** How often a guest was started from the beginning. */
  starts: number;
  files: Set<string>;
  devices: Set<string>;
  blockNodes: Set<string>;
  netdevs: Set<string>;
  network: boolean;
  /** The agent that lives now has set up or checked the network. */
  networkSeen: boolean;
}

export function newWorld(vmi: VirtualMachineInstance): World {
  return {
    vmi,
    runState: "prelaunch",
    starts: 0,
    files: new Set(),
    devices: new Set(noDevices.devices.keys()),
    blockNodes: new Set(),
    netdevs: new Set(),
    network: false,
    networkSeen: false,
  };
}

/** Looks, and writes the phase that follows. */
export function observeWorld(world: World): Observation {
  const devices = {
    ...noDevices,
    devices: driversOf(...world.devices),
    blockNodes: new Set(world.blockNodes),
    netdevs: new Set(world.netdevs),
  };
  const base = someObservation({ vmi: world.vmi });
  const observation = someObservation({
    vmi: world.vmi,
    machine: someMachine({ runState: world.runState, devices }),
    networkReady: world.network && world.networkSeen,
    disks: base.disks.map((disk) => (world.files.has(disk.volume) ? disk : { ...disk, image: undefined })),
  });
  const decision = decidePhase(observation);
  if (decision) world.vmi = { ...world.vmi, status: { ...world.vmi.status, phase: decision.phase } };
  return observation;
}

export function apply(world: World, action: Action): void {
  if (action.type === "connectNetwork") world.network = world.networkSeen = true;
  if (action.type === "prepareDisk") world.files.add(action.disk.volume);
  if (action.type === "changeDevice") applyDevice(world, action.change);
  if (action.type === "start") {
    world.starts += 1;
    world.runState = "running";
  }
}

/** QEMU refuses what exists already. */
function applyDevice(world: World, { command, args }: DeviceAction): void {
  if (command === "blockdev-add") addNew(world.blockNodes, args["node-name"]);
  else if (command === "netdev_add") addNew(world.netdevs, args.id);
  else if (command === "device_add") addNew(world.devices, args.id);
  else throw new Error(`nothing was to be removed: ${command}`);
}

function addNew(set: Set<string>, id: string): void {
  if (set.has(id)) throw new Error(`duplicate ${id}`);
  set.add(id);
}

export function isUp(world: World): boolean {
  const hasDevices = ["disk-root", "nic-default"].every((id) => world.devices.has(id));
  return world.runState === "running" && hasDevices && world.network && world.vmi.status?.phase === "Running";
}
