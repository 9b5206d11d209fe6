/** An object whose deletion was asked for goes away with its last finalizer. */
import { isStatus } from "../../base/errors.ts";
import type { Entry } from "../storage/entry.ts";
import type { Operation } from "./call.ts";

export async function finishDeletion(call: Operation, entry: Entry): Promise<Entry> {
  for (let latest: Entry | undefined = entry; latest && isReleased(latest); ) {
    try {
      await call.api.objects.remove(call.kind, latest);
      break;
    } catch (error) {
      if (isStatus(error, "NotFound")) break;
      if (!isStatus(error, "Conflict")) throw error;
      latest = await newer(call, latest);
    }
  }
  return entry;
}

function isReleased(entry: Entry): boolean {
  const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = entry.object.metadata ?? {};
  const isHeld = finalizers.length > 0 || deletionGracePeriodSeconds > 0 || hasSpecFinalizers(entry);
  return deletionTimestamp !== undefined && !isHeld;
}

/** Not every writer comes here after its write: an eviction that counts down a budget's status does not. */
async function newer({ api, kind }: Operation, entry: Entry): Promise<Entry | undefined> {
  await api.objects.newerThan(entry);
  const { namespace, name = "" } = entry.object.metadata ?? {};
  return api.objects.find(kind, namespace, name);
}

/** Namespaces keep theirs in the spec. */
export function hasSpecFinalizers(entry: Entry): boolean {
  const { kind, spec } = entry.object as { kind?: string; spec?: { finalizers?: string[] } };
  return kind === "Namespace" && (spec?.finalizers?.length ?? 0) > 0;
}
