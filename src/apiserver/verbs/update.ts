/** UPDATE: PUT of a whole object, its status, or what a patch made of it. */
import type { KubeObject } from "../../../api/meta.ts";
import { forbidden } from "../../apimachinery/schema/cause.ts";
import { sameJson, sameJsonText } from "../../apimachinery/schema/same-json.ts";
import type { ServedKind } from "../registry/kind.ts";
import { type Entry, encode, entryOf } from "../storage/entry.ts";
import { conflict } from "../storage/objects.ts";
import { admit, admissionRequest } from "./admit.ts";
import { type Call, type Operation, nameIn } from "./call.ts";
import { conform } from "./check-fields.ts";
import { decodeObject } from "./decode.ts";
import { finishDeletion } from "./finish-deletion.ts";
import { showEntry } from "./show.ts";
import { asServed, servedObject } from "./served.ts";
import { stored } from "./stored.ts";
import { invalidIf, objectCauses } from "./validate.ts";

export async function updateFromRequest(call: Call): Promise<void> {
  const object = await decodeObject(call);
  showEntry(call, 200, await updateObject(call, () => object));
}

/** Makes the wanted object of a copy of the current one; may be called again when another writer was faster. */
export type Want = (current: KubeObject) => KubeObject | Promise<KubeObject>;

export async function updateObject(call: Operation, want: Want): Promise<Entry> {
  const { objects } = call.api;
  const target = { namespace: call.path.namespace, name: nameIn(call) };
  if (call.dryRun) {
    const entry = await objects.get(call.kind, target.namespace, target.name);
    const next = await nextObject(call, await want(asServed(call.kind, entry.copy())), servedObject(call.kind, entry));
    return entryOf(entry.key, encode(next), entry.revision);
  }
  const written = await objects.update(call.kind, target, async (current, entry) =>
    nextObject(call, await want(asServed(call.kind, current)), servedObject(call.kind, entry)),
  );
  return finishDeletion(call, written);
}

async function nextObject(call: Operation, wanted: KubeObject, old: KubeObject): Promise<KubeObject> {
  checkPreconditions(call.kind, wanted, old);
  const merged =
    call.path.subresource === "status" ? withStatus(call.kind, wanted, old) : withoutStatus(call.kind, wanted, old);
  const object = { ...merged, metadata: keptMeta(merged, old) };
  conform(call, object);
  if (call.path.subresource === "") {
    call.kind.strategy.prepareUpdate?.(object, old);
    call.kind.strategy.default?.(object);
  }
  const request = admissionRequest(call, "UPDATE", object, old);
  const admitted = await admit(call, request, (next) => validateChange(call, next, old));
  return withOldTimes(stored(call, countGeneration(call.kind, admitted, old), old), old);
}

/**
 * Who writes again what is there has changed nothing, and so not managed it anew either. Only here, after defaulting, is it known that
 * the whole came to the same.
 */
function withOldTimes(object: KubeObject, old: KubeObject): KubeObject {
  const [managedFields, before] = [object.metadata?.managedFields ?? [], old.metadata?.managedFields ?? []];
  const timed = managedFields.map((entry, index) => ({ ...entry, time: before[index]?.time }));
  if (sameJson(managedFields, before) || !sameJson(timed, before)) return object;
  const unchanged = { ...object, metadata: { ...object.metadata, managedFields: before } };
  return sameJsonText(encode(unchanged), encode(old)) ? unchanged : object;
}

function checkPreconditions(kind: ServedKind, wanted: KubeObject, old: KubeObject): void {
  const { resourceVersion, uid } = wanted.metadata ?? {};
  const name = old.metadata?.name ?? "";
  if (uid && uid !== old.metadata?.uid)
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata?.uid ?? ""}`,
    );
  if (resourceVersion && resourceVersion !== "0" && resourceVersion !== old.metadata?.resourceVersion)
    throw conflict(kind, name);
}

/** Status updates leave all else alone, but for metadata that controllers keep beside the status. */
function withStatus(kind: ServedKind, wanted: KubeObject, old: KubeObject): KubeObject {
  const { status } = wanted as { status?: unknown };
  return {
    ...old,
    ...(status !== undefined && { status }),
    metadata: { ...old.metadata, ...statusMeta(kind, wanted) },
  };
}

function statusMeta(kind: ServedKind, wanted: KubeObject) {
  const { managedFields, labels, annotations } = wanted.metadata ?? {};
  return { ...(managedFields && { managedFields }), ...(kind.statusTakesMetadata && { labels, annotations }) };
}

function withoutStatus(kind: ServedKind, wanted: KubeObject, old: KubeObject): KubeObject {
  if (!kind.statusSubresource) return wanted;
  const { status: _ignored, ...rest } = wanted as KubeObject & { status?: unknown };
  const { status } = old as { status?: unknown };
  return { ...rest, ...(status !== undefined && { status }) };
}

/** What no client may change. */
function keptMeta(wanted: KubeObject, old: KubeObject) {
  const { selfLink: _dropped, ...metadata } = (wanted.metadata ?? {}) as Record<string, unknown>;
  const before = old.metadata ?? {};
  const kept = {
    name: before.name,
    namespace: before.namespace,
    uid: before.uid,
    generateName: before.generateName,
    creationTimestamp: before.creationTimestamp,
    deletionTimestamp: before.deletionTimestamp,
    deletionGracePeriodSeconds: before.deletionGracePeriodSeconds,
    generation: before.generation,
  };
  // A key without a value is no key: what the stored object lacks, the new one lacks as well.
  return JSON.parse(JSON.stringify({ ...metadata, ...kept })) as NonNullable<KubeObject["metadata"]>;
}

function validateChange(call: Operation, object: KubeObject, old: KubeObject): void {
  const { kind } = call;
  const { strategy } = kind;
  checkNewFinalizers(kind, object, old);
  if (call.path.subresource !== "") return;
  const causes = objectCauses(kind, object);
  if (causes.length === 0) causes.push(...(strategy.validateUpdate?.(object, old) ?? []));
  invalidIf(kind, object, causes);
}

function checkNewFinalizers(kind: ServedKind, object: KubeObject, old: KubeObject): void {
  if (!old.metadata?.deletionTimestamp) return;
  const before = new Set(old.metadata.finalizers);
  const added = (object.metadata?.finalizers ?? []).filter((name) => !before.has(name));
  if (added.length === 0) return;
  const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`;
  invalidIf(kind, old, [forbidden("metadata.finalizers", why)]);
}

function countGeneration(kind: ServedKind, object: KubeObject, old: KubeObject): KubeObject {
  if (kind.generation === "none") return object;
  const generation = old.metadata?.generation ?? 1;
  const changed = !sameJsonText(specText(kind, object), specText(kind, old));
  return { ...object, metadata: { ...object.metadata, generation: changed ? generation + 1 : generation } };
}

function specText(kind: ServedKind, object: KubeObject): string {
  if (kind.generation === "spec") return JSON.stringify((object as { spec?: unknown }).spec) ?? "";
  const {
    metadata: _meta,
    status: _status,
    apiVersion: _version,
    ...rest
  } = object as KubeObject & { status?: unknown };
  return JSON.stringify(rest);
}
