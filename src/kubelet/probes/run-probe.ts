/** One attempt of one probe. */
import type { Container, Probe } from "../../../api/core.ts";
import { messageOf } from "../../base/errors.ts";
import type { CriClient } from "../../cri/client.ts";
import { execInContainer } from "./exec.ts";
import { grpcHealthy } from "./grpc.ts";
import { httpGet } from "./http.ts";
import { portNumber } from "./ports.ts";
import { tcpConnect } from "./tcp.ts";

export interface ProbeTarget {
  container: Container;
  containerId: string;
  podIp: string;
}

export interface ProbeResult {
  ok: boolean;
  output: string;
}

export async function runProbe(
  cri: CriClient,
  probe: Probe,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  try {
    return await attempt(cri, probe, target, signal);
  } catch (error) {
    return { ok: false, output: messageOf(error) };
  }
}

async function attempt(
  cri: CriClient,
  probe: Probe,
  { container, containerId, podIp }: ProbeTarget,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const timeoutSeconds = probe.timeoutSeconds ?? 1;
  const timeoutMs = timeoutSeconds * 1000;
  if (probe.exec !== undefined) {
    const command = probe.exec.command ?? [];
    const result = await execInContainer(cri, { containerId, command, timeoutSeconds, signal });
    return { ok: result.exitCode === 0, output: result.output };
  }
  if (probe.httpGet !== undefined) {
    const port = portNumber(container, probe.httpGet.port);
    const { status, body } = await httpGet({ ...probe.httpGet, port, defaultHost: podIp, timeoutMs, signal });
    const ok = status >= 200 && status < 400;
    return { ok, output: ok ? body : `HTTP probe failed with statuscode: ${status}` };
  }
  if (probe.tcpSocket !== undefined) {
    const port = portNumber(container, probe.tcpSocket.port);
    await tcpConnect(probe.tcpSocket.host || podIp, port, timeoutMs, signal);
    return { ok: true, output: "" };
  }
  if (probe.grpc !== undefined) {
    const { port, service = "" } = probe.grpc;
    const ok = await grpcHealthy({ host: podIp, port, service, timeoutMs, signal });
    return { ok, output: ok ? "" : `service ${JSON.stringify(service)} is not serving` };
  }
  return { ok: false, output: "the probe has no handler that this node supports" };
}
