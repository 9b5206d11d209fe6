/** Carries out one planned action. Its own writes count at once: the informer tells of them only later. */
import { virtualMachineInstanceReplicaSets, virtualMachineInstances } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus, messageOf } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey } from "../../runtime/object-key.ts";
import type { RecentWrites } from "../../runtime/recent-writes.ts";
import type { Failure } from "../sets/conditions.ts";
import { adopt, release } from "../sets/ownership.ts";
import type { Action } from "./plan.ts";
import { renderVmi } from "./render-vmi.ts";

export interface ExecuteContext {
  client: Client;
  events: EventRecorder;
  vmis: RecentWrites<VirtualMachineInstance>;
  /** By the set's key: shown in its status. */
  failures: Map<string, Failure>;
}

type ActionOf<T extends Action["type"]> = Extract<Action, { type: T }>;

export async function execute(context: ExecuteContext, action: Action, signal: AbortSignal): Promise<void> {
  if (action.type === "create") {
    for (let made = 0; made < action.count; made += 1) await create(context, action, signal);
    return;
  }
  if (action.type === "delete") return remove(context, action, signal);
  const change = action.type === "adopt" ? adopt : release;
  const { set: owner, vmi: object } = action;
  const ownership = {
    resource: virtualMachineInstances,
    object,
    ownerResource: virtualMachineInstanceReplicaSets,
    owner,
  };
  context.vmis.wrote(await change(context.client, ownership, signal));
}

async function create(context: ExecuteContext, { set }: ActionOf<"create">, signal: AbortSignal): Promise<void> {
  const { client, events, vmis, failures } = context;
  try {
    const vmi = await client.create(virtualMachineInstances, renderVmi(set), { signal });
    vmis.wrote(vmi);
    failures.delete(objectKey(set));
    const message = `Started the virtual machine by creating the new virtual machine instance ${vmi.metadata?.name}`;
    events.record(set, "Normal", "SuccessfulCreate", message);
  } catch (error) {
    if (signal.aborted) throw error;
    fail(context, set, "FailedCreate", `Error creating virtual machine instance: ${messageOf(error)}`);
    throw error;
  }
}

async function remove(context: ExecuteContext, { set, vmi }: ActionOf<"delete">, signal: AbortSignal): Promise<void> {
  const { client, events, vmis, failures } = context;
  const { namespace, name = "", uid } = vmi.metadata ?? {};
  try {
    await client.delete(virtualMachineInstances, { namespace, name }, { preconditions: { uid }, signal });
    const message = `Stopped the virtual machine by deleting the virtual machine instance ${name} with uid ${uid}`;
    events.record(set, "Normal", "SuccessfulDelete", message);
  } catch (error) {
    if (!isStatus(error, "NotFound", "Conflict")) {
      if (!signal.aborted)
        fail(context, set, "FailedDelete", `Error deleting virtual machine instance ${name}: ${messageOf(error)}`);
      throw error;
    }
  }
  vmis.deleted(vmi);
  failures.delete(objectKey(set));
}

function fail(
  { events, failures }: ExecuteContext,
  set: ActionOf<"create">["set"],
  reason: string,
  message: string,
): void {
  failures.set(objectKey(set), { reason, message });
  events.record(set, "Warning", reason, message);
}
