/**
 * Deletes what its owners left behind. Watches the metadata of every kind that can be deleted, also of kinds that are
 * defined later, and asks the API before it believes that an owner is gone.
 */
import { customResourceDefinitions } from "../../../api/apiextensions.ts";
import type { KubeObject, OwnerReference, Resource } from "../../../api/meta.ts";
import { isStatus } from "../../base/errors.ts";
import { keepInStep } from "../../base/keep-in-step.ts";
import type { Logger } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import type { Informer } from "../../client/informer.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { runReconciler } from "../../runtime/run-reconciler.ts";
import { discoverResources } from "../discover.ts";
import { type GarbageAction, type GarbageNode, foregroundFinalizer, planGarbage } from "./graph.ts";

export interface GarbageCollectorOptions {
  client: Client;
  log: Logger;
  signal: AbortSignal;
}

/** A kind that is watched; settled when its objects are known or the kind is gone. */
interface Watched {
  stop: AbortController;
  settled: Promise<void>;
}

interface Observation {
  node: GarbageNode;
  dependents: GarbageNode[];
  gone: Set<string>;
  waiting: Set<string>;
}

/** Kinds that own nothing, are owned by nothing that matters, and change all the time. */
const ignored = new Set(["events", "leases"]);
const settleMs = 200;
const retryDiscoveryMs = 5_000;

export function startGarbageCollector({ client, log, signal }: GarbageCollectorOptions): void {
  const nodes = new Map<string, GarbageNode>();
  const dependentsOf = new Map<string, Set<string>>();
  const watched = new Map<string, Watched>();
  let known: Resource[] = [];
  const loop = runReconciler(reconciler(), { signal, log });
  const kinds = keepInStep({
    work: discover,
    settleMs,
    retryMs: retryDiscoveryMs,
    onError: (err) => log.warn({ err }, "cannot discover the kinds to collect; trying again"),
    signal,
  });

  const definitions = createInformer(client, customResourceDefinitions);
  definitions.onChange(kinds.changed);
  definitions.start(signal);
  kinds.changed();

  async function discover(): Promise<void> {
    known = await discoverResources(client);
    const resources = known.filter(({ plural }) => !ignored.has(plural));
    const names = new Set(resources.map(nameOf));
    for (const [name, { stop }] of watched)
      if (!names.has(name)) {
        stop.abort();
        watched.delete(name);
      }
    for (const resource of resources) if (!watched.has(nameOf(resource))) watch(resource);
  }

  function watch(resource: Resource): void {
    const stop = new AbortController();
    const informer: Informer<KubeObject> = createInformer(client, resource, { keep: referencesOf });
    const stopped = new Promise<void>((resolve) => stop.signal.addEventListener("abort", () => resolve()));
    watched.set(nameOf(resource), { stop, settled: Promise.race([informer.synced(), stopped]) });
    informer.onChange(({ type, object }) => {
      const uid = object.metadata?.uid ?? "";
      if (type === "deleted") forget(uid);
      else remember({ resource, metadata: object.metadata ?? {} });
      loop.enqueue(uid);
      for (const dependent of dependentsOf.get(uid) ?? []) loop.enqueue(dependent);
      for (const owner of object.metadata?.ownerReferences ?? []) loop.enqueue(owner.uid);
    });
    informer.start(AbortSignal.any([signal, stop.signal]));
  }

  function remember(node: GarbageNode): void {
    const uid = node.metadata.uid ?? "";
    unlink(uid);
    nodes.set(uid, node);
    for (const owner of node.metadata.ownerReferences ?? []) {
      const dependents = dependentsOf.get(owner.uid) ?? new Set<string>();
      dependentsOf.set(owner.uid, dependents.add(uid));
    }
  }

  function forget(uid: string): void {
    unlink(uid);
    nodes.delete(uid);
  }

  function unlink(uid: string): void {
    for (const owner of nodes.get(uid)?.metadata.ownerReferences ?? []) {
      const dependents = dependentsOf.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) dependentsOf.delete(owner.uid);
    }
  }

  function reconciler(): Reconciler<Observation, GarbageAction> {
    return {
      name: "garbage-collector",
      async observe(uid) {
        // Without all kinds' objects a dependent may be missing, and would not be orphaned or waited for.
        await Promise.all([...watched.values()].map(({ settled }) => settled));
        const node = nodes.get(uid);
        if (!node) return undefined;
        const owners = node.metadata.deletionTimestamp ? [] : (node.metadata.ownerReferences ?? []);
        const gone = new Set<string>();
        for (const owner of owners) if (!nodes.has(owner.uid) && (await isGone(node, owner))) gone.add(owner.uid);
        const waiting = owners.filter(({ uid: owner }) => isWaiting(nodes.get(owner))).map((owner) => owner.uid);
        const dependents = [...(dependentsOf.get(uid) ?? [])].flatMap((each) => nodes.get(each) ?? []);
        return { node, dependents, gone, waiting: new Set(waiting) };
      },
      plan: ({ node, dependents, gone, waiting }) =>
        planGarbage(
          node,
          dependents,
          (owner) => gone.has(owner.uid),
          (owner) => waiting.has(owner.uid),
        ),
      execute,
    };
  }

  async function isGone({ metadata }: GarbageNode, owner: OwnerReference): Promise<boolean> {
    const kind = await resourceOf(owner);
    if (!kind) return false; // a kind that nobody serves: its owner may come back with it
    if (kind.namespaced && !metadata.namespace) return false; // in which namespace, the reference does not tell
    try {
      const found = await client.get(kind, keyIn(kind, metadata.namespace, owner.name));
      return found.metadata?.uid !== owner.uid;
    } catch (error) {
      if (isStatus(error, "NotFound")) return true;
      throw error;
    }
  }

  async function resourceOf({ apiVersion, kind }: OwnerReference): Promise<Resource | undefined> {
    const group = apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "";
    const isOwners = (each: Resource) => each.kind === kind && each.group === group;
    return known.find(isOwners) ?? (await discoverResources(client)).find(isOwners);
  }

  async function execute(action: GarbageAction): Promise<void> {
    switch (action.kind) {
      case "delete":
        return deleteNode(action.node);
      case "disown":
        return disown(action.node, action.ownerUids);
      case "release":
        return release(action.node, action.finalizer);
      case "orphan":
        for (const dependent of action.dependents) await disown(dependent, [action.node.metadata.uid ?? ""]);
        return;
    }
  }

  async function deleteNode({ resource, metadata }: GarbageNode): Promise<void> {
    const hasDependents = (dependentsOf.get(metadata.uid ?? "")?.size ?? 0) > 0;
    const inForeground = (metadata.ownerReferences ?? []).some((owner) => isWaiting(nodes.get(owner.uid)));
    await ignoringGone(
      client.delete(resource, keyIn(resource, metadata.namespace, metadata.name ?? ""), {
        propagationPolicy: inForeground && hasDependents ? "Foreground" : "Background",
        preconditions: { uid: metadata.uid ?? "" },
      }),
    );
  }

  async function release({ resource, metadata }: GarbageNode, finalizer: string): Promise<void> {
    const key = keyIn(resource, metadata.namespace, metadata.name ?? "");
    const finalizers = (metadata.finalizers ?? []).filter((other) => other !== finalizer);
    const body = { metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion, finalizers } };
    await ignoringGone(client.patch(resource, key, { type: "merge", body }));
  }

  async function disown({ resource, metadata }: GarbageNode, ownerUids: readonly string[]): Promise<void> {
    const key = keyIn(resource, metadata.namespace, metadata.name ?? "");
    const ownerReferences = (metadata.ownerReferences ?? []).filter(({ uid }) => !ownerUids.includes(uid));
    const body = { metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion, ownerReferences } };
    await ignoringGone(client.patch(resource, key, { type: "merge", body }));
  }
}

/** Of every object of every kind only what says who owns it and whether it goes. */
function referencesOf({ metadata = {} }: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, finalizers, ownerReferences } = metadata;
  return {
    metadata: {
      name,
      ...(namespace && { namespace }),
      uid,
      resourceVersion,
      ...(deletionTimestamp && { deletionTimestamp }),
      ...(finalizers && { finalizers }),
      ...(ownerReferences && { ownerReferences }),
    },
  };
}

async function ignoringGone(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isStatus(error, "NotFound")) throw error;
  }
}

function isWaiting(owner: GarbageNode | undefined): boolean {
  return !!owner?.metadata.deletionTimestamp && !!owner.metadata.finalizers?.includes(foregroundFinalizer);
}

function keyIn(resource: Resource, namespace: string | undefined, name: string): { namespace?: string; name: string } {
  return resource.namespaced && namespace ? { namespace, name } : { name };
}

function nameOf({ group, plural }: Resource): string {
  return `${plural}.${group}`;
}
