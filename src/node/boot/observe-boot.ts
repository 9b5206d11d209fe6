import { isForeign } from "../../../api/kubevirt/architecture.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Consoles } from "../console/consoles.ts";
import { type BootFailure, hasStarted, type MachineObservation } from "../domain/observation.ts";
import type { DomainRecord } from "../domain/records.ts";
import type { Monitors } from "../monitor/monitors.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { detectBootFailure } from "./detect-boot-failure.ts";
import { isHaltedInFirmware, readScreen } from "./read-screen.ts";

export interface Booting {
  qemu: QemuProcess;
  machine: MachineObservation;
  record: DomainRecord;
}

/** Whether the guest shows that it will not come up. One whose agent answers has come up. */
export async function observeBoot(
  { monitors, consoles }: { monitors: Monitors; consoles: Consoles },
  key: string,
  vmi: VirtualMachineInstance,
  { qemu, machine, record }: Booting,
): Promise<BootFailure | undefined> {
  if (!hasStarted(machine) || machine.agentConnected) return undefined;
  const qmp = await monitors.of(key, qemu);
  const hasBios = !isForeign(vmi.spec);
  const hasScreen = hasBios && vmi.spec.domain.devices.autoattachGraphicsDevice !== false;
  return detectBootFailure({
    serialTail: consoles.tailOf(qemu) ?? "",
    screen: hasScreen ? await readScreen(qmp) : "",
    haltedInFirmware: hasScreen || !hasBios ? false : await isHaltedInFirmware(qmp),
    ageMs: runningSinceMs(vmi),
    resetsMs: record.resetsMs,
    nowMs: Date.now(),
  });
}

function runningSinceMs(vmi: VirtualMachineInstance): number {
  const transition = vmi.status?.phaseTransitionTimestamps?.find(({ phase }) => phase === "Running");
  return transition ? Date.now() - Date.parse(transition.phaseTransitionTimestamp ?? "") : 0;
}
