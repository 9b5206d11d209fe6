/** A reset that is ours, not the guest's. */
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";

/** To QEMU a reset and the guest's reboot are the same. Where a reboot is the machine's end (`rebootPolicy`), ours is excepted from that. */
export async function resetMachine(qmp: QmpClient, { spec }: VirtualMachineInstance): Promise<void> {
  const endsAtReboot = spec.domain.rebootPolicy === "Terminate";
  if (endsAtReboot) await qmp.execute("set-action", { reboot: "reset" });
  await qmp.execute("system_reset");
  if (endsAtReboot) await qmp.execute("set-action", { reboot: "shutdown" });
}
