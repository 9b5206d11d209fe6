import { mkdir } from "node:fs/promises";
import type { Pod } from "../../../api/core.ts";
import { messageOf, TerminalError } from "../../base/errors.ts";
import { type Resolver, parseResolver, podResolver } from "../config/dns.ts";
import { type SandboxConfig, sandboxConfig } from "../config/sandbox.ts";
import { type KubeletContext, urgency } from "../context.ts";
import { readTextIfThere } from "../../base/files.ts";

export async function runSandbox(context: KubeletContext, pod: Pod, attempt: number): Promise<void> {
  const config = await sandboxConfigOf(context, pod, attempt);
  await mkdir(config.logDirectory ?? "", { recursive: true });
  try {
    await context.starts.take(urgency.sandbox, () => context.cri.runtime.runPodSandbox({ config }));
  } catch (error) {
    const message = `Failed to create pod sandbox: ${messageOf(error)}`;
    context.events.warning(pod, "FailedCreatePodSandBox", message);
    throw new TerminalError("FailedCreatePodSandBox", message);
  }
}

/** Also needed to create containers in it. */
export async function sandboxConfigOf(context: KubeletContext, pod: Pod, attempt: number): Promise<SandboxConfig> {
  const cluster = { servers: context.clusterDns, domain: context.clusterDomain };
  return sandboxConfig({
    pod,
    attempt,
    instance: context.instance,
    rootDir: context.rootDir,
    clusterDomain: context.clusterDomain,
    resolver: podResolver(pod, cluster, await hostResolver()),
  });
}

/** systemd-resolved's own list, where it runs: its stub address means nothing inside a pod. */
async function hostResolver(): Promise<Resolver> {
  const text = await readTextIfThere("/run/systemd/resolve/resolv.conf");
  return parseResolver(text ?? (await readTextIfThere("/etc/resolv.conf")) ?? "");
}
