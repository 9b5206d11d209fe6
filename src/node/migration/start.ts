/** Runs both ends for this node. What an end can never do ends its migration, and so does not end in endless attempts. */
import { messageOf, TerminalError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import { parseObjectKey } from "../../runtime/object-key.ts";
import { type ReconcilerLoop, runReconciler } from "../../runtime/run-reconciler.ts";
import { createSourceReconciler, createTargetReconciler, type MigrationContext } from "./reconcilers.ts";

const concurrency = 4;
const lookAgainMs = 100;

export function startMigrationEnds(
  options: Omit<MigrationContext, "lookAgain">,
  { signal, log }: { signal: AbortSignal; log: Logger },
): ReconcilerLoop[] {
  const lookAgain = (key: string): void => {
    for (const end of ends) end.enqueueAfter(key, lookAgainMs);
  };
  const context = { ...options, lookAgain };
  const onFailure = (key: string, error: unknown): void => {
    if (!(error instanceof TerminalError)) return;
    const { namespace, name } = parseObjectKey(key);
    const uid = context.vmis.get(namespace, name)?.status?.migrationState?.migrationUid;
    if (uid === undefined) return;
    context.migrations.of(uid).failure = messageOf(error);
    lookAgain(key);
  };
  const loopOptions = { signal, concurrency, log, onFailure };
  const ends = [
    runReconciler(createSourceReconciler(context), loopOptions),
    runReconciler(createTargetReconciler(context), loopOptions),
  ];
  return ends;
}
