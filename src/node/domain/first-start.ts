/**
 * Lets a machine run that has not run yet. The firmware's boot order is written when the machine is reset: until then it lacks what was attached
 * since QEMU was started. A reset closes the trays of cdrom drives, so those that are to be open are opened after it.
 */
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { driveId } from "../../qemu/domain/ids.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import { resetMachine } from "./reset-machine.ts";

export async function startFirst(qmp: QmpClient, vmi: VirtualMachineInstance): Promise<void> {
  await resetMachine(qmp, vmi);
  for (const id of openTrays(vmi)) await qmp.execute("blockdev-open-tray", { id, force: true });
  await qmp.execute("cont");
}

export function openTrays({ spec }: VirtualMachineInstance): string[] {
  return (spec.domain.devices.disks ?? [])
    .filter(({ cdrom }) => cdrom?.tray === "open")
    .map(({ name }) => driveId(name));
}
