/**
 * The last finalizer goes in one write, the object in the next: what a crash left between the two is removed
 * when the server starts.
 */
import type { Api } from "./verbs/call.ts";
import { finishDeletion } from "./verbs/finish-deletion.ts";
import { systemOperation } from "./verbs/system-operation.ts";

export async function finishDeletions(api: Api): Promise<void> {
  const stored = api.registry.all().filter((kind) => !kind.storedAs && kind.version === kind.storageVersion);
  for (const kind of stored)
    for (const entry of await api.objects.list(kind)) {
      const { deletionTimestamp, namespace } = entry.object.metadata ?? {};
      if (deletionTimestamp) await finishDeletion(systemOperation(api, kind, namespace), entry);
    }
}
