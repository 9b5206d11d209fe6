/**
 * Keeps the shipped instance types and preferences in the API, unless the KubeVirt resource says otherwise
 * (`commonInstancetypesDeployment.enabled: false`). Looks at its start and when that resource changes; what a user deletes
 * meanwhile comes back only then.
 */
import { shippedInstancetypes } from "../../../api/kubevirt/catalogue/instancetypes.ts";
import { shippedPreferences } from "../../../api/kubevirt/catalogue/preferences.ts";
import type { ConfigurationSource } from "../../../api/kubevirt/configuration.ts";
import type { MatchedObject } from "../../../api/kubevirt/instancetype/matcher.ts";
import {
  type KubeVirt,
  virtualMachineClusterInstancetypes,
  virtualMachineClusterPreferences,
} from "../../../api/kubevirt/resources.ts";
import type { Resource } from "../../../api/meta.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { type CatalogueAction, planCatalogue } from "./plan.ts";

export interface CatalogueControllerOptions {
  client: Client;
  kubeVirts: Informer<KubeVirt>;
  configuration: ConfigurationSource;
  signal: AbortSignal;
}

const kinds = ["instancetypes", "preferences"] as const;
type CatalogueKind = (typeof kinds)[number];

interface Observation {
  kind: CatalogueKind;
  found: MatchedObject[];
  isWanted: boolean;
}

type Action = CatalogueAction & { kind: CatalogueKind };

export function startCatalogueController(options: CatalogueControllerOptions): ReconcilerLoop {
  const loop = runReconciler(createCatalogueReconciler(options), { signal: options.signal, concurrency: 1 });
  for (const kind of kinds) loop.enqueue(kind);
  enqueueOnChange(loop, options.kubeVirts, () => [...kinds]);
  return loop;
}

function createCatalogueReconciler(options: CatalogueControllerOptions): Reconciler<Observation, Action> {
  return {
    name: "catalogue",
    async observe(key, signal) {
      const kind = key === "preferences" ? "preferences" : "instancetypes";
      const isWanted = options.configuration().commonInstancetypes;
      return { kind, found: await listOf(options.client, kind, signal), isWanted };
    },
    plan: ({ kind, found, isWanted }) =>
      planCatalogue(shippedOf(kind), found, isWanted).map((action) => ({ ...action, kind })),
    execute: (action, signal) => execute(options.client, action, signal),
  };
}

function shippedOf(kind: CatalogueKind): MatchedObject[] {
  return kind === "instancetypes" ? shippedInstancetypes() : shippedPreferences();
}

async function listOf(client: Client, kind: CatalogueKind, signal: AbortSignal): Promise<MatchedObject[]> {
  return (await client.list(resourceOf(kind), { signal })).items;
}

function resourceOf(kind: CatalogueKind): Resource<MatchedObject> {
  return kind === "instancetypes" ? virtualMachineClusterInstancetypes : virtualMachineClusterPreferences;
}

/** Whoever was faster wins. */
async function execute(client: Client, { type, kind, object }: Action, signal: AbortSignal): Promise<void> {
  const resource = resourceOf(kind);
  try {
    if (type === "create") await client.create(resource, object, { signal });
    else if (type === "replace") await client.update(resource, object, { signal });
    else await client.delete(resource, { name: object.metadata?.name ?? "" }, { signal });
  } catch (error) {
    if (!isStatus(error, "AlreadyExists", "NotFound")) throw error;
  }
}
