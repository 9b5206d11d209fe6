/** An object whose deletion was asked for goes away with its last finalizer. */
import { isStatus } from "../../base/errors.ts";
import type { Entry } from "../storage/entry.ts";
import type { Operation } from "./call.ts";

export async function finishDeletion(call: Operation, entry: Entry): Promise<Entry> {
  const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = entry.object.metadata ?? {};
  if (!deletionTimestamp || finalizers.length > 0 || deletionGracePeriodSeconds > 0 || hasSpecFinalizers(entry))
    return entry;
  try {
    await call.api.objects.remove(call.kind, entry);
  } catch (error) {
    // Gone already, or changed once more by a writer who comes here as well.
    if (!isStatus(error, "NotFound", "Conflict")) throw error;
  }
  return entry;
}

/** Namespaces keep theirs in the spec. */
export function hasSpecFinalizers(entry: Entry): boolean {
  const { kind, spec } = entry.object as { kind?: string; spec?: { finalizers?: string[] } };
  return kind === "Namespace" && (spec?.finalizers?.length ?? 0) > 0;
}
