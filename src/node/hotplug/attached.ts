/** Whether a guest has a disk. Pure. */
import { isDrive } from "../../qemu/devices/disk.ts";
import { driveId, driveNode } from "../../qemu/domain/ids.ts";
import type { MachineObservation } from "../domain/observation.ts";

/** The guest has it: as a disk, or in a drive. */
export function isAttached(machine: MachineObservation | undefined, name: string): boolean {
  const { devices, media } = machine?.devices ?? {};
  const driver = devices?.get(driveId(name));
  return isDrive(driver) ? media?.get(driveId(name)) === driveNode(name) : driver !== undefined;
}
