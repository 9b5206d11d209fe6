/** pause, unpause, reset, softreboot. Each asks QEMU what is, and refuses what makes no sense of it. */
import { StatusError } from "../../base/errors.ts";
import { findCondition } from "../../runtime/conditions.ts";
import { statusOf, type Target } from "./target.ts";

export async function pause(target: Target): Promise<void> {
  const { running } = await statusOf(target);
  if (!running) throw new StatusError("Conflict", "VMI is already paused");
  await (await target.monitor()).execute("stop");
}

/** Also starts a guest that was to wait for it (`startStrategy: Paused`): it is Running once everything is attached. */
export async function unpause(target: Target): Promise<void> {
  const { running, status } = await statusOf(target);
  if (running) throw new StatusError("Conflict", "VMI is not paused");
  const qmp = await target.monitor();
  // See ../domain/execute.ts: what starts is reset first.
  if (status === "prelaunch") await qmp.execute("system_reset");
  await qmp.execute("cont");
}

export async function reset(target: Target): Promise<void> {
  await (await target.monitor()).execute("system_reset");
}

/**
 * The guest shuts down as if its power button were pressed, but QEMU only stops then, and the reconciler resets and
 * resumes it (see ../domain/plan.ts): there is no ACPI event for a reboot.
 */
export async function softReboot(target: Target): Promise<void> {
  const { running } = await statusOf(target);
  if (!running) throw new StatusError("Conflict", "VMI is paused");
  const hasAgent = findCondition(target.vmi.status?.conditions, "AgentConnected")?.status === "True";
  if (!hasAgent && target.vmi.spec.domain.features?.acpi?.enabled === false) {
    throw new StatusError("Conflict", "VMI neither have the agent connected nor the ACPI feature enabled");
  }
  const qmp = await target.monitor();
  await qmp.execute("set-action", { shutdown: "pause" });
  await qmp.execute("system_powerdown");
}
