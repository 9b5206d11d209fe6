/** Carries out one planned action. Idempotent: each may be repeated after a crash at any point. */
import { controllerRevisions } from "../../../api/apps.ts";
import { finalizers } from "../../../api/kubevirt/names.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine } from "../../../api/kubevirt/types.ts";
import { isStatus, messageOf, StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey } from "../../runtime/object-key.ts";
import { isControlledBy, withoutFinalizer } from "../../runtime/owner-references.ts";
import { type Action, orphanFinalizer } from "./plan.ts";
import { renderVmi } from "./render-vmi.ts";

export interface ExecuteContext {
  client: Client;
  events: EventRecorder;
  /** Why instances could not be created, by VM key: shown in the VM's status. */
  createFailures: Map<string, string>;
}

type ActionOf<T extends Action["type"]> = Extract<Action, { type: T }>;

export async function execute(context: ExecuteContext, action: Action, signal: AbortSignal): Promise<void> {
  if (action.type === "createRevision") await createRevision(context, action, signal);
  else if (action.type === "createVmi") await createVmi(context, action, signal);
  else if (action.type === "deleteVmi") await deleteVmi(context, action, signal);
  else if (action.type === "updateVmi") await updateVmi(context, action, signal);
  else if (action.type === "setRunStrategy") await setRunStrategy(context, action, signal);
  else await removeFinalizer(context, action, signal);
}

/** One that is there is this one: its name says of what it is a copy. */
async function createRevision(
  { client }: ExecuteContext,
  { revision }: ActionOf<"createRevision">,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.create(controllerRevisions, revision, { signal });
  } catch (error) {
    if (!isStatus(error, "AlreadyExists")) throw error;
  }
}

async function createVmi(context: ExecuteContext, action: ActionOf<"createVmi">, signal: AbortSignal): Promise<void> {
  const { client, events, createFailures } = context;
  const { vm, madeOf, requests } = action;
  const name = vm.metadata?.name;
  try {
    await client.create(virtualMachineInstances, renderVmi(vm, requests, madeOf), { signal });
    createFailures.delete(objectKey(vm));
    const message = `Started the virtual machine by creating the new virtual machine instance ${name}`;
    events.record(vm, "Normal", "SuccessfulCreate", message);
  } catch (error) {
    // Of an earlier attempt whose watch event has not arrived, or somebody else's: the next observation tells.
    if (isStatus(error, "AlreadyExists")) return;
    if (signal.aborted) throw error;
    if (error instanceof StatusError) createFailures.set(objectKey(vm), messageOf(error));
    events.record(
      vm,
      "Warning",
      "FailedCreate",
      `Error creating virtual machine instance ${name}: ${messageOf(error)}`,
    );
    throw error;
  }
}

async function deleteVmi(context: ExecuteContext, action: ActionOf<"deleteVmi">, signal: AbortSignal): Promise<void> {
  const { vm, vmi } = action;
  if (!isControlledBy(vmi, vm)) return;
  const { namespace, name = "", uid } = vmi.metadata ?? {};
  try {
    await context.client.delete(virtualMachineInstances, { namespace, name }, { preconditions: { uid }, signal });
    const message = `Stopped the virtual machine by deleting the virtual machine instance ${name} with uid ${uid}`;
    context.events.record(vm, "Normal", "SuccessfulDelete", message);
  } catch (error) {
    if (isStatus(error, "NotFound", "Conflict")) return;
    const message = `Error deleting virtual machine instance ${name}: ${messageOf(error)}`;
    context.events.record(vm, "Warning", "FailedDelete", message);
    throw error;
  }
}

/** Under the version that was looked at: who changed it meanwhile is seen first. */
async function updateVmi(context: ExecuteContext, action: ActionOf<"updateVmi">, signal: AbortSignal): Promise<void> {
  const { vm, vmi } = action;
  try {
    await context.client.update(virtualMachineInstances, vmi, { signal });
  } catch (error) {
    if (isStatus(error, "NotFound")) return;
    if (!isStatus(error, "Conflict")) {
      const message = `Error updating virtual machine instance ${vmi.metadata?.name}: ${messageOf(error)}`;
      context.events.record(vm, "Warning", "FailedUpdate", message);
    }
    throw error;
  }
}

async function setRunStrategy(
  { client }: ExecuteContext,
  { vm, runStrategy }: ActionOf<"setRunStrategy">,
  signal: AbortSignal,
): Promise<void> {
  const { running: _, ...spec } = vm.spec;
  await client.update(virtualMachines, { ...vm, spec: { ...spec, runStrategy } }, { signal });
}

/** Asks the server whether an instance is left: one just created may not be in the copy yet. Its end brings us here again. */
async function removeFinalizer(
  { client }: ExecuteContext,
  { vm }: ActionOf<"removeFinalizer">,
  signal: AbortSignal,
): Promise<void> {
  const isOrphaning = vm.metadata?.finalizers?.includes(orphanFinalizer);
  if (!isOrphaning && (await hasInstance(client, vm, signal))) return;
  try {
    await client.update(virtualMachines, withoutFinalizer(vm, finalizers.virtualMachine), { signal });
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

async function hasInstance(client: Client, vm: VirtualMachine, signal: AbortSignal): Promise<boolean> {
  const { namespace, name = "" } = vm.metadata ?? {};
  try {
    return isControlledBy(await client.get(virtualMachineInstances, { namespace, name }, { signal }), vm);
  } catch (error) {
    if (isStatus(error, "NotFound")) return false;
    throw error;
  }
}
