/** pause, unpause, reset, softreboot. Each asks QEMU what is, and refuses what makes no sense of it. */
import { StatusError } from "../../base/errors.ts";
import { guestAgentPresent } from "../../qemu/guest-agent/presence.ts";
import { guestShutdown } from "../../qemu/guest-agent/queries.ts";
import type { QmpClient } from "../../qemu/qmp/client.ts";
import { resetMachine } from "../domain/reset-machine.ts";
import { startFirst } from "../domain/first-start.ts";
import type { GuestAgents } from "../guest/guest-agents.ts";
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
  await requireNoDump(qmp);
  if (status === "prelaunch") await startFirst(qmp, target.vmi);
  else await qmp.execute("cont");
}

export async function reset(target: Target): Promise<void> {
  const qmp = await target.monitor();
  await requireNoDump(qmp);
  await resetMachine(qmp, target.vmi);
}

/** @throws StatusError Conflict while its memory is to stay as it is */
async function requireNoDump(qmp: QmpClient): Promise<void> {
  const { status } = await qmp.execute("query-dump");
  if (status === "active") throw new StatusError("Conflict", "a memory dump of the VMI is in progress");
}

/**
 * Through the guest's agent when there is one. Else the guest shuts down as if its power button were pressed, but QEMU only stops then, and the reconciler resets and
 * resumes it (see ../domain/plan.ts): there is no ACPI event for a reboot.
 */
export async function softReboot(target: Target, guests: GuestAgents): Promise<void> {
  const { running } = await statusOf(target);
  if (!running) throw new StatusError("Conflict", "VMI is paused");
  const qmp = await target.monitor();
  if (await guestAgentPresent(qmp)) return guestShutdown(guests.of(target.qemu), "reboot");
  if (target.vmi.spec.domain.features?.acpi?.enabled === false) {
    throw new StatusError("Conflict", "VMI neither have the agent connected nor the ACPI feature enabled");
  }
  await qmp.execute("set-action", { shutdown: "pause" });
  await qmp.execute("system_powerdown");
}
