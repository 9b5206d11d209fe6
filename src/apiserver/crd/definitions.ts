/**
 * Follows the CustomResourceDefinitions: what they define is served from the moment they are stored, their
 * status says so, and when one is deleted its instances go first.
 *
 *   stored --> names free? --> kinds registered, status Established, cleanup finalizer
 *   deleted --> instances deleted --> (last one gone) finalizer removed --> kinds unregistered
 */
import { type CustomResourceDefinition, customResourceDefinitions } from "../../../api/apiextensions.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { sameJson } from "../../apimachinery/schema/same-json.ts";
import { InvariantError, isStatus, messageOf } from "../../base/errors.ts";
import { type InStep, keepInStep } from "../../base/keep-in-step.ts";
import type { Logger } from "../../base/log.ts";
import type { ServedKind } from "../registry/kind.ts";
import { bucketOf } from "../storage/keys.ts";
import type { Api } from "../verbs/call.ts";
import { deleteObject } from "../verbs/delete.ts";
import { finishDeletion } from "../verbs/finish-deletion.ts";
import { systemOperation } from "../verbs/system-operation.ts";
import { definitionStatus, findConflict, type NameConflict } from "./conditions.ts";
import { servedKinds } from "./served-kinds.ts";

const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";
const bucket = bucketOf(customResourceDefinitions);
const retryMs = 1_000;

/** Registers what is stored already, then follows. Resolves when all stored definitions are served. */
export async function followDefinitions(api: Api, log: Logger): Promise<void> {
  const follower = new Follower(api, log);
  const { cache } = api.objects;
  await cache.fresh();
  for (const entry of cache.list(bucket)) follower.serve(entry.object as CustomResourceDefinition);
  for (const entry of cache.list(bucket)) follower.settle(entry.object.metadata?.name ?? "");
  cache.onEvent((event) => {
    if (event.entry.key.startsWith(bucket))
      follower.changed(event.type === "DELETED", event.entry.object as CustomResourceDefinition);
    else if (event.type === "DELETED") follower.instanceGone(event.entry.object);
  });
}

class Follower {
  readonly #api: Api;
  readonly #log: Logger;
  readonly #kind: ServedKind;
  /** By the definitions' names. */
  readonly #settling = new Map<string, InStep>();
  /** What of each definition is registered. */
  readonly #served = new Map<string, string>();

  constructor(api: Api, log: Logger) {
    this.#api = api;
    this.#log = log;
    const kind = api.registry.findAny(customResourceDefinitions.group, customResourceDefinitions.plural);
    if (!kind) throw new InvariantError("the kind CustomResourceDefinition is not registered");
    this.#kind = kind;
  }

  changed(gone: boolean, definition: CustomResourceDefinition): void {
    const name = definition.metadata?.name ?? "";
    if (gone) this.#served.delete(name);
    if (gone) return this.#api.registry.setCustom(name, []);
    this.serve(definition);
    this.settle(name);
  }

  /** Synchronous: who sees the definition stored finds its kinds served. */
  serve(definition: CustomResourceDefinition): void {
    const conflict = this.#conflict(definition);
    const established = definition.status?.conditions?.some(
      (each) => each.type === "Established" && each.status === "True",
    );
    const served = conflict === undefined || established === true;
    const { name = "", uid, generation, deletionTimestamp } = definition.metadata ?? {};
    const state = [uid, generation, served, deletionTimestamp].join(" ");
    // Most changes are of the status only: what is served stays, with all that was made of it.
    if (this.#served.get(name) === state) return;
    this.#served.set(name, state);
    this.#api.registry.setCustom(name, served ? servedKinds(definition) : []);
  }

  /** Soon, and once more when something changes meanwhile: what is gone after it was looked for is told only once. */
  settle(name: string): void {
    const known = this.#settling.get(name);
    const step = known ?? this.#keepSettled(name);
    if (!known) this.#settling.set(name, step);
    step.changed();
  }

  #keepSettled(name: string): InStep {
    return keepInStep({
      work: () => this.#settle(name).catch(ignoreGone),
      settleMs: 0,
      retryMs,
      onError: (error) =>
        this.#log.error({ error: messageOf(error), definition: name }, "the definition's status cannot be written"),
      signal: this.#api.stopping,
    });
  }

  instanceGone(object: KubeObject): void {
    const group = object.apiVersion?.split("/")[0] ?? "";
    for (const kind of this.#api.registry.all()) {
      if (!kind.custom || kind.group !== group || kind.kind !== object.kind) continue;
      const name = `${kind.plural}.${kind.group}`;
      if (this.#api.objects.cache.get(`${bucket}${name}`)?.object.metadata?.deletionTimestamp) this.settle(name);
    }
  }

  #conflict(definition: CustomResourceDefinition): NameConflict | undefined {
    const { name } = definition.metadata ?? {};
    const others = this.#api.objects.cache.list(bucket).map((entry) => entry.object as CustomResourceDefinition);
    const accepted = others.filter(
      (other) =>
        other.metadata?.name !== name && other.spec.group === definition.spec.group && olderThan(other, definition),
    );
    return findConflict(
      definition.spec.names,
      accepted.map((other) => other.spec.names),
    );
  }

  async #settle(name: string): Promise<void> {
    const { object } = await this.#api.objects.get(this.#kind, undefined, name);
    const isEmptied = object.metadata?.deletionTimestamp && (await this.#emptied(object as CustomResourceDefinition));
    if (isEmptied) await this.#letGo(name);
    else await this.#writeStatus(name);
  }

  async #writeStatus(name: string): Promise<void> {
    await this.#api.objects.update(this.#kind, { namespace: undefined, name }, (current) => {
      const definition = current as CustomResourceDefinition;
      const status = definitionStatus(definition, this.#conflict(definition));
      const finalizers = definition.metadata?.finalizers ?? [];
      const held = finalizers.includes(cleanupFinalizer) || definition.metadata?.deletionTimestamp !== undefined;
      if (held && sameJson(status, definition.status)) return undefined;
      const metadata = { ...definition.metadata, finalizers: held ? finalizers : [...finalizers, cleanupFinalizer] };
      return { ...definition, metadata, status };
    });
  }

  /** Asks every instance to go; true when none is left. */
  async #emptied(definition: CustomResourceDefinition): Promise<boolean> {
    const { group, plural } = { group: definition.spec.group, plural: definition.spec.names.plural };
    const kind = this.#api.registry.findAny(group, plural) ?? servedKinds(definition)[0];
    if (!kind) return true;
    for (const { object } of await this.#api.objects.list(kind)) {
      if (object.metadata?.deletionTimestamp) continue;
      const operation = systemOperation(this.#api, kind, object.metadata?.namespace);
      await deleteObject(operation, object.metadata?.name ?? "", {}).catch(ignoreGone);
    }
    return (await this.#api.objects.list(kind)).length === 0;
  }

  async #letGo(name: string): Promise<void> {
    const entry = await this.#api.objects.update(this.#kind, { namespace: undefined, name }, (current) => {
      const finalizers = (current.metadata?.finalizers ?? []).filter((each) => each !== cleanupFinalizer);
      return { ...current, metadata: { ...current.metadata, finalizers } };
    });
    await finishDeletion(systemOperation(this.#api, this.#kind, undefined), entry);
  }
}

function olderThan(a: CustomResourceDefinition, b: CustomResourceDefinition): boolean {
  const accepted = a.status?.conditions?.some((each) => each.type === "NamesAccepted" && each.status === "True");
  if (accepted !== undefined && accepted) return true;
  return Number(a.metadata?.resourceVersion ?? 0) < Number(b.metadata?.resourceVersion ?? Number.MAX_SAFE_INTEGER);
}

function ignoreGone(error: unknown): void {
  if (!isStatus(error, "NotFound")) throw error;
}
