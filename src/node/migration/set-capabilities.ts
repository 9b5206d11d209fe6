import type { QmpClient } from "../../qemu/qmp/client.ts";
import type { MigrationCapability } from "../../qemu/qmp/commands.ts";

export async function setCapabilities(
  qmp: QmpClient,
  wanted: Partial<Record<MigrationCapability, boolean>>,
): Promise<void> {
  const capabilities = Object.entries(wanted).map(([capability, state]) => ({
    capability: capability as MigrationCapability,
    state,
  }));
  await qmp.execute("migrate-set-capabilities", { capabilities });
}
