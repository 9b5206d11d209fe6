/**
 * DELETE.
 *
 *   no finalizers, no grace period   gone at once
 *   grace period (running pods)      deletionTimestamp set; whoever runs it deletes again with grace 0
 *   finalizers                       deletionTimestamp set; gone with the last finalizer
 *   Foreground / Orphan              adds the finalizer that the garbage collector takes away when done
 */
import type { KubeObject } from "../../../api/meta.ts";
import { isStatus } from "../../base/errors.ts";
import { answerJson, warn } from "../../http/answer.ts";
import type { Entry } from "../storage/entry.ts";
import { conflict } from "../storage/objects.ts";
import { admissionRequest, runValidation } from "./admit.ts";
import { type Call, nameIn, type Operation } from "./call.ts";
import { type DeleteOptions, readDeleteOptions } from "./delete-options.ts";
import { hasSpecFinalizers } from "./finish-deletion.ts";
import { timeIn } from "./new-meta.ts";
import { showEntry } from "./show.ts";

export interface Deleted {
  entry: Entry;
  gone: boolean;
}

export async function deleteFromRequest(call: Call): Promise<void> {
  const { entry, gone } = await deleteObject(call, nameIn(call), await readDeleteOptions(call));
  if (!gone) return showEntry(call, 200, entry);
  warn(call.response, call.warnings);
  const { name, uid } = entry.object.metadata ?? {};
  const details = { name, ...(call.kind.group && { group: call.kind.group }), kind: call.kind.plural, uid };
  answerJson(call.response, 200, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details });
}

const deleteAttempts = 12;

export async function deleteObject(call: Operation, name: string, options: DeleteOptions): Promise<Deleted> {
  for (let attempt = 1; ; attempt += 1) {
    const entry = await call.api.objects.get(call.kind, call.path.namespace, name);
    checkPreconditions(call, entry, options);
    await runValidation(call, { ...admissionRequest(call, "DELETE", undefined, entry.object), name });
    try {
      return await attemptDelete(call, entry, options);
    } catch (error) {
      if (!isStatus(error, "Conflict") || attempt >= deleteAttempts) throw error;
      await call.api.objects.newerThan(entry);
    }
  }
}

async function attemptDelete(call: Operation, entry: Entry, options: DeleteOptions): Promise<Deleted> {
  const { api, kind, path } = call;
  const name = entry.object.metadata?.name ?? "";
  const marked = marking(call, entry, options);
  if (call.dryRun) return { entry, gone: marked === undefined };
  if (marked === undefined) return { entry: await api.objects.remove(kind, entry), gone: true };
  const expected = entry.revision;
  const written = await api.objects.update(kind, { namespace: path.namespace, name }, (_current, latest) => {
    if (latest.revision !== expected) throw conflict(kind, name);
    return marked;
  });
  return { entry: written, gone: false };
}

function checkPreconditions(call: Operation, entry: Entry, { uid, resourceVersion }: DeleteOptions): void {
  const { metadata } = entry.object;
  const name = metadata?.name ?? "";
  if (uid && uid !== metadata?.uid)
    throw conflict(
      call.kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata?.uid ?? ""}`,
    );
  if (resourceVersion && resourceVersion !== metadata?.resourceVersion)
    throw conflict(
      call.kind,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata?.resourceVersion ?? ""}`,
    );
}

/** The object marked as being deleted; undefined when nothing holds it. */
function marking(call: Operation, entry: Entry, options: DeleteOptions): KubeObject | undefined {
  const object = entry.copy();
  const metadata = object.metadata ?? {};
  const finalizers = finalizersFor(metadata.finalizers ?? [], options);
  const grace = graceSeconds(call, object, options);
  if (finalizers.length === 0 && grace === 0 && !hasSpecFinalizers(entry)) return undefined;
  const next = { ...object, metadata: { ...metadata, ...(finalizers.length > 0 ? { finalizers } : {}) } };
  if (finalizers.length === 0) delete next.metadata.finalizers;
  const before = metadata.deletionGracePeriodSeconds ?? Number.POSITIVE_INFINITY;
  if (metadata.deletionTimestamp && grace >= before) return next;
  next.metadata.deletionTimestamp =
    metadata.deletionTimestamp && grace === 0 ? metadata.deletionTimestamp : timeIn(grace);
  next.metadata.deletionGracePeriodSeconds = grace;
  if (next.metadata.generation !== undefined) next.metadata.generation += metadata.deletionTimestamp ? 0 : 1;
  return terminating(call, next);
}

function finalizersFor(current: readonly string[], { propagationPolicy }: DeleteOptions): string[] {
  if (propagationPolicy === undefined) return [...current];
  const others = current.filter((name) => name !== "orphan" && name !== "foregroundDeletion");
  if (propagationPolicy === "Orphan") return [...others, "orphan"];
  return propagationPolicy === "Foreground" ? [...others, "foregroundDeletion"] : others;
}

function graceSeconds(call: Operation, object: KubeObject, options: DeleteOptions): number {
  return call.kind.strategy.deletionGraceSeconds?.(object, options.gracePeriodSeconds) ?? 0;
}

function terminating(call: Operation, object: KubeObject): KubeObject {
  if (call.kind.group !== "" || call.kind.plural !== "namespaces") return object;
  const { status } = object as { status?: object };
  return { ...object, status: { ...status, phase: "Terminating" } } as KubeObject;
}
