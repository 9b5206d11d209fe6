/** Pulls from a registry, with each of the pod's `imagePullSecrets` that fits and at last without any. */
import type { Pod } from "../../../api/core.ts";
import { messageOf, TerminalError } from "../../base/errors.ts";
import { type RegistryLogin, loginsFor } from "../../storage/registry/logins.ts";
import type { KubeletContext } from "../context.ts";
import { createReferences } from "../references.ts";

const pullTimeoutMs = 30 * 60_000;

/** @param signal ends it at once: nobody waits for the image any more */
export async function pullImage(
  context: KubeletContext,
  pod: Pod,
  reference: string,
  signal: AbortSignal,
): Promise<void> {
  const logins = await podLogins(context, pod, reference);
  const failures: string[] = [];
  for (const auth of [...logins, undefined]) {
    try {
      await context.cri.images.pullImage({ image: { image: reference }, auth }, { timeoutMs: pullTimeoutMs, signal });
      return;
    } catch (error) {
      requireWanted(signal);
      failures.push(messageOf(error));
    }
  }
  throw new TerminalError("ErrImagePull", [...new Set(failures)].join("; "));
}

/** @throws TerminalError when the pod is deleted */
export function requireWanted(deleted: AbortSignal): void {
  if (deleted.aborted) {
    throw new TerminalError("PodDeleted", "the pod is being deleted");
  }
}

async function podLogins(context: KubeletContext, pod: Pod, reference: string): Promise<RegistryLogin[]> {
  const references = createReferences(context.client, pod.metadata?.namespace ?? "");
  const secrets = (pod.spec?.imagePullSecrets ?? []).map(({ name }) => references.secret(name ?? ""));
  const found = await Promise.all(secrets);
  return found.flatMap((secret) => loginsFor(reference, secret ?? {}));
}
