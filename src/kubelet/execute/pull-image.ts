/** Pulls from a registry, with each of the pod's `imagePullSecrets` that fits and at last without any. */
import type { Pod } from "../../../api/core.ts";
import { messageOf, TerminalError } from "../../base/errors.ts";
import { type RegistryLogin, loginsFor } from "../../storage/registry/logins.ts";
import type { KubeletContext } from "../context.ts";
import { createReferences } from "../references.ts";

const pullTimeoutMs = 30 * 60_000;

export async function pullImage(context: KubeletContext, pod: Pod, reference: string): Promise<void> {
  const logins = await podLogins(context, pod, reference);
  const failures: string[] = [];
  for (const auth of [...logins, undefined]) {
    try {
      await context.cri.images.pullImage({ image: { image: reference }, auth }, { timeoutMs: pullTimeoutMs });
      return;
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  throw new TerminalError("ErrImagePull", [...new Set(failures)].join("; "));
}

async function podLogins(context: KubeletContext, pod: Pod, reference: string): Promise<RegistryLogin[]> {
  const references = createReferences(context.client, pod.metadata?.namespace ?? "");
  const secrets = (pod.spec?.imagePullSecrets ?? []).map(({ name }) => references.secret(name ?? ""));
  const found = await Promise.all(secrets);
  return found.flatMap((secret) => loginsFor(reference, secret ?? {}));
}
