/** Keeps each machine's PodDisruptionBudget (./budget.ts). One whose machine is gone goes with it, by its owner. */
import type { VirtConfiguration } from "../../../api/kubevirt/configuration.ts";
import { labels, launcherApp } from "../../../api/kubevirt/names.ts";
import type { PodDisruptionBudget } from "../../../api/policy.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import type { Informer } from "../../client/informer.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { type Informers, podsOf } from "../virtualmachineinstance/observe.ts";
import {
  type Action,
  type BudgetResource,
  budgetName,
  type Observation,
  plan,
  protectedName,
  renderBudget,
} from "./budget.ts";

export interface BudgetControllerOptions {
  client: Client;
  informers: Pick<Informers, "vmis" | "pods"> & { budgets: Informer<PodDisruptionBudget> };
  /** In the version that the server has. */
  resource: BudgetResource;
  events: EventRecorder;
  configuration: () => VirtConfiguration;
  signal: AbortSignal;
}

export function createBudgetInformer(client: Client, resource: BudgetResource): Informer<PodDisruptionBudget> {
  return createInformer(client, resource, { labelSelector: `${labels.app}=${launcherApp}` });
}

export function createBudgetReconciler(options: BudgetControllerOptions): Reconciler<Observation, Action> {
  const { informers, configuration } = options;
  return {
    name: "disruption-budget",
    observe(key) {
      const { namespace, name } = parseObjectKey(key);
      const vmi = informers.vmis.get(namespace, name);
      if (vmi === undefined) return Promise.resolve(undefined);
      const budget = informers.budgets.get(namespace, budgetName(name));
      return Promise.resolve({ vmi, pods: podsOf(vmi, informers.pods), budget, configuration: configuration() });
    },
    plan,
    execute: (action, signal) => execute(options, action, signal),
  };
}

async function execute(
  { client, resource, events }: BudgetControllerOptions,
  action: Action,
  signal: AbortSignal,
): Promise<void> {
  if (action.type === "create") {
    const { vmi, minAvailable } = action;
    const created = await unlessOutrun(client.create(resource, renderBudget(resource, vmi, minAvailable), { signal }));
    const message = `Created PodDisruptionBudget ${created?.metadata?.name}`;
    if (created) events.record(vmi, "Normal", "SuccessfulCreate", message);
    return;
  }
  const { budget } = action;
  if (action.type === "resize") {
    const spec = { ...budget.spec, minAvailable: action.minAvailable };
    return void (await unlessOutrun(client.update(resource, { ...budget, spec }, { signal })));
  }
  const { namespace, name = "", uid } = budget.metadata ?? {};
  await unlessOutrun(client.delete(resource, { namespace, name }, { signal, preconditions: { uid } }));
}

/** Our copy was old: its next change brings us here again. */
async function unlessOutrun<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isStatus(error, "NotFound", "AlreadyExists", "Conflict")) return undefined;
    throw error;
  }
}

export function startBudgetController(options: BudgetControllerOptions): ReconcilerLoop {
  const { informers, signal } = options;
  const loop = runReconciler(createBudgetReconciler(options), { signal });
  enqueueOnChange(loop, informers.vmis);
  enqueueOnChange(loop, informers.pods, ({ metadata }) => [
    `${metadata?.namespace}/${metadata?.labels?.[labels.vmName]}`,
  ]);
  enqueueOnChange(loop, informers.budgets, ({ metadata }) => [
    objectKey({ metadata: { ...metadata, name: protectedName(metadata?.name ?? "") } }),
  ]);
  return loop;
}
