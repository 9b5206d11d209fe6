/** The agent of the target in the model: it decides and plans by the product's own code. */
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { noDevices } from "../../../src/node/domain/observation.fixture.ts";
import { decideAtTarget, enterTargetDecision, planTarget } from "../../../src/node/migration/target.ts";
import { migrationUid, type World, writeStatus } from "./world.ts";
import { end } from "./qemus.ts";
import { endOf, someCredentials } from "./ends.ts";

const withDisk = { ...noDevices, devices: new Map([["disk-data", "virtio-blk-pci"]]) };

export function lookAtTarget(world: World): void {
  const { target, agents } = world;
  if (!target.alive) return;
  const devices = world.transport === "tls" ? withDisk : noDevices;
  const capacity = { processors: [], hotMemory: undefined };
  const room = { disks: [], devices, capacity, networkReady: true, consoleOpen: true };
  const isOpen = target.runState === "inmigrate";
  const postcopyReady = world.permitsPostcopy && target.listening;
  const observation = { ...endOf(world, "target"), source: undefined, postcopyReady, room: isOpen ? room : undefined };
  const decision = decideAtTarget(observation);
  const enter = (current: VirtualMachineInstance) =>
    decision && enterTargetDecision(current, migrationUid, decision, observation.nowMs);
  writeStatus(world, observation.vmi, enter);
  agents.target.todo = planTarget(observation);
}

export function actAtTarget(world: World): void {
  const { target, agents } = world;
  const action = agents.target.todo.shift();
  if (action === undefined || !target.alive) return;
  if (action.type === "listen") {
    target.listening = true;
    agents.target.records.of(migrationUid).credentials = someCredentials;
  }
  if (action.type === "stopExports") agents.target.records.of(migrationUid).sealed = 1;
  if (action.type === "run" && target.runState === "paused")
    Object.assign(target, { runState: "running", hasRun: true });
  if (action.type === "quit" || action.type === "kill") end(world, "target");
}
