/**
 * A machine's probe as its launcher pod's, so that the kubelet counts, waits and restarts as for any container
 * (docs/decisions/0026-probes-by-the-guest-agent.md). Pure.
 *
 *   httpGet, tcpSocket       as they are: the guest answers at the pod's address
 *   exec, guestAgentPing     exec of a script in the launcher, which asks the guest's agent (images/launcher/probe-guest.sh)
 */
import type { PodSpec } from "../../../../api/core.ts";
import type { Probe } from "../../../../api/kubevirt/types.ts";
import { launcherPaths } from "../../../qemu/domain/paths.ts";

type PodProbe = NonNullable<PodSpec["containers"][number]["readinessProbe"]>;
export type ProbeKind = "liveness" | "readiness";

const defaultTimeoutSeconds = 1;
/** The script gives up by itself first: killed from outside it would leave processes behind. */
const scriptSeconds = 2;

export function podProbe(kind: ProbeKind, probe: Probe): PodProbe {
  const { httpGet, tcpSocket, initialDelaySeconds, periodSeconds, timeoutSeconds, successThreshold, failureThreshold } =
    probe;
  const fields = {
    httpGet,
    tcpSocket,
    initialDelaySeconds,
    periodSeconds,
    timeoutSeconds,
    successThreshold,
    failureThreshold,
    ...agentProbe(kind, probe),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function agentProbe(kind: ProbeKind, probe: Probe): Partial<PodProbe> {
  const request = agentRequest(probe);
  if (request === undefined) return {};
  const seconds = probe.timeoutSeconds || defaultTimeoutSeconds;
  const command = [launcherPaths.probeGuest, kind, String(seconds), JSON.stringify(request)];
  return { exec: { command }, timeoutSeconds: seconds + scriptSeconds };
}

function agentRequest({ exec, guestAgentPing }: Probe): object | undefined {
  if (guestAgentPing) return { execute: "guest-ping" };
  if (!exec) return undefined;
  const [path = "", ...arg] = exec.command ?? [];
  return { execute: "guest-exec", arguments: { path, arg, "capture-output": true } };
}
