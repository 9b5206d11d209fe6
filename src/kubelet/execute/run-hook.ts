/** Runs a lifecycle hook (`postStart`, `preStop`) to its end. */
import type { Container, LifecycleHandler } from "../../../api/core.ts";
import { TerminalError } from "../../base/errors.ts";
import type { KubeletContext } from "../context.ts";
import { execInContainer } from "../probes/exec.ts";
import { httpGet } from "../probes/http.ts";
import { portNumber } from "../probes/ports.ts";

export interface HookRun {
  hook: LifecycleHandler;
  container: Container;
  containerId: string;
  podIp: string;
  timeoutSeconds?: number;
  signal?: AbortSignal;
}

/** @throws TerminalError when the hook fails */
export async function runHook(context: KubeletContext, run: HookRun): Promise<void> {
  const { hook, containerId, signal } = run;
  if (hook.exec !== undefined) {
    const command = hook.exec.command ?? [];
    const result = await execInContainer(context.cri, {
      containerId,
      command,
      timeoutSeconds: run.timeoutSeconds ?? 0,
      signal,
    });
    if (result.exitCode !== 0) {
      throw new TerminalError(
        "HookFailed",
        `command ${JSON.stringify(command)} exited with ${result.exitCode}: ${result.output}`,
      );
    }
  } else if (hook.httpGet !== undefined) {
    const port = portNumber(run.container, hook.httpGet.port);
    const answer = await httpGet({ ...hook.httpGet, port, defaultHost: run.podIp, timeoutMs: 30_000, signal });
    if (answer.status >= 400) {
      throw new TerminalError("HookFailed", `HTTP hook answered ${answer.status}`);
    }
  } else if (hook.sleep !== undefined) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, hook.sleep.seconds * 1000);
    signal?.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
  }
}
