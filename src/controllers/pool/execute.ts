/** Carries out one planned action. Its own writes count at once: the informer tells of them only later. */
import { mayRestart } from "../../../api/kubevirt/admissibility.ts";
import { labels } from "../../../api/kubevirt/names.ts";
import { ordinalIn, renderVm, revisionOf } from "../../../api/kubevirt/pool/render-vm.ts";
import {
  type VirtualMachinePool,
  virtualMachineInstances,
  virtualMachinePools,
  virtualMachines,
} from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine } from "../../../api/kubevirt/types.ts";
import { isStatus, messageOf } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { deleteThis } from "../../client/delete-this.ts";
import { timestamp } from "../../runtime/conditions.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey } from "../../runtime/object-key.ts";
import { controllerReference } from "../../runtime/owner-references.ts";
import type { RecentWrites } from "../../runtime/recent-writes.ts";
import type { Failure } from "../sets/conditions.ts";
import { release } from "../sets/ownership.ts";
import { keepVolumes } from "./keep-volumes.ts";
import type { Action } from "./plan.ts";

export interface ExecuteContext {
  client: Client;
  events: EventRecorder;
  vms: RecentWrites<VirtualMachine>;
  /** By the pool's key: shown in its status. */
  failures: Map<string, Failure>;
}

type ActionOf<T extends Action["type"]> = Extract<Action, { type: T }>;
type Execute<T extends Action["type"]> = (
  context: ExecuteContext,
  action: ActionOf<T>,
  signal: AbortSignal,
) => Promise<void>;

const executors: { [T in Action["type"]]: Execute<T> } = {
  release: async ({ client, vms }, { pool, vm }, signal) => {
    const ownership = { resource: virtualMachines, object: vm, ownerResource: virtualMachinePools, owner: pool };
    vms.wrote(await release(client, ownership, signal));
  },
  create: async ({ client, events, vms }, { pool, ordinal }, signal) => {
    const vm = await client.create(virtualMachines, rendered(pool, ordinal), { signal });
    vms.wrote(vm);
    events.record(pool, "Normal", "SuccessfulCreate", `Created VM ${objectKey(vm)}`);
  },
  delete: remove,
  update,
  restart: async ({ client, vms }, { vm, vmi }, signal) => {
    const verdict = mayRestart({ vm, vmi }, {});
    if (verdict.verdict !== "do" || !("requests" in verdict.change)) return;
    const status = { ...vm.status, stateChangeRequests: [...verdict.change.requests] };
    vms.wrote(await client.updateStatus(virtualMachines, { ...vm, status }, { signal }));
  },
  relabel: async ({ client }, { pool, vmi }, signal) => {
    const { namespace, name = "", uid } = vmi.metadata ?? {};
    const body = { metadata: { uid, labels: { [labels.poolRevision]: revisionOf(pool) } } };
    await client.patch(virtualMachineInstances, { namespace, name }, { type: "merge", body }, { signal });
  },
};

const failureReasons: Partial<Record<Action["type"], string>> = {
  create: "FailedScaleOut",
  delete: "FailedScaleIn",
  update: "FailedUpdate",
  restart: "FailedUpdate",
  relabel: "FailedUpdate",
};

export async function execute<T extends Action["type"]>(
  context: ExecuteContext,
  action: ActionOf<T> & { type: T },
  signal: AbortSignal,
): Promise<void> {
  const { failures, events } = context;
  try {
    await executors[action.type](context, action, signal);
    failures.delete(objectKey(action.pool));
  } catch (error) {
    const reason = failureReasons[action.type];
    if (reason && !signal.aborted && !isStatus(error, "Conflict", "AlreadyExists")) {
      failures.set(objectKey(action.pool), { reason, message: messageOf(error) });
      events.record(action.pool, "Warning", reason, `Error: ${messageOf(error)}`);
    }
    throw error;
  }
}

async function remove(
  { client, events, vms }: ExecuteContext,
  { pool, vm, keepsVolumes }: ActionOf<"delete">,
  signal: AbortSignal,
): Promise<void> {
  if (keepsVolumes) await keepVolumes(client, vm, signal);
  const message = `Deleted VM ${objectKey(vm)} with uid ${vm.metadata?.uid} from pool`;
  if (await deleteThis(client, virtualMachines, vm, { signal }))
    events.record(pool, "Normal", "SuccessfulDelete", message);
  // It goes, but is not gone: its instance must end first, and until then nobody else has its name.
  vms.wrote({ ...vm, metadata: { ...vm.metadata, deletionTimestamp: timestamp() } });
}

/** What its user put on it besides stays: labels, annotations. */
async function update({ client, vms }: ExecuteContext, { pool, vm }: ActionOf<"update">, signal: AbortSignal) {
  const { metadata, spec } = rendered(pool, ordinalIn(pool, vm.metadata?.name) ?? 0);
  const changed = {
    ...vm,
    metadata: {
      ...vm.metadata,
      labels: { ...vm.metadata?.labels, ...metadata?.labels },
      annotations: { ...vm.metadata?.annotations, ...metadata?.annotations },
    },
    spec,
  };
  vms.wrote(await client.update(virtualMachines, changed, { signal }));
}

function rendered(pool: VirtualMachinePool, ordinal: number): VirtualMachine {
  return renderVm(pool, ordinal, controllerReference(virtualMachinePools, pool));
}
