import { sameJson } from "../../../api/kubevirt/same-json.ts";
import { virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { decideStatus } from "../status/status.ts";
import { decideEvents } from "../status/events.ts";
import type { Observation } from "./observation.ts";

/** The version that was looked at is the lock: who wrote meanwhile is seen first, then written over only by the truth. */
export async function writeStatus(
  { client, events }: { client: Client; events: EventRecorder },
  observation: Observation,
  signal: AbortSignal,
): Promise<void> {
  const { vmi } = observation;
  const status = decideStatus(observation);
  if (sameJson(status, vmi.status)) return;
  const updated: VirtualMachineInstance = { ...vmi, status };
  try {
    await client.updateStatus(virtualMachineInstances, updated, { signal });
  } catch (error) {
    if (isStatus(error, "NotFound")) return;
    throw error;
  }
  for (const event of decideEvents(vmi, status, observation))
    events.record(vmi, event.type, event.reason, event.message);
}
