/**
 * Keeps the guests that asked for it informed about their node: rewrites their metrics' disks, and answers at their serial ports.
 * Every few seconds it looks who there is, so nothing is lost with an agent that was killed, but some seconds.
 */
import type { Socket } from "node:net";
import type { Pod } from "../../../api/core.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { messageOf } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { Informer } from "../../client/informer.ts";
import { dial } from "../console/vnc.ts";
import { diskSources } from "../disks/disk-source.ts";
import { launcherOf } from "../domain/observe.ts";
import { hostPathOf, socketOf } from "../process/container-files.ts";
import type { QemuFinder, QemuProcess } from "../process/find-qemu.ts";
import { answerTo, hear } from "./answer.ts";
import { type HostFacts, readHost, readMachine, renderMetrics, sizeOfMachine } from "./metrics.ts";
import { rewriteMetricsDisk } from "./metrics-disk.ts";

export interface DownwardMetricsContext {
  vmis: Informer<VirtualMachineInstance>;
  launchers: Informer<Pod>;
  finder: QemuFinder;
  log: Logger;
}

const intervalMs = 5_000;

/** Runs until the signal aborts. */
export function startDownwardMetrics(context: DownwardMetricsContext, signal: AbortSignal): void {
  const ports = new Map<string, Socket>();
  let isAtWork = false;
  const look = async (): Promise<void> => {
    if (isAtWork) return;
    isAtWork = true;
    try {
      await informAll(context, ports);
    } catch (error) {
      context.log.warn({ error: messageOf(error) }, "no guest gets its metrics; trying again");
    }
    isAtWork = false;
  };
  const timer = setInterval(() => void look(), intervalMs);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    for (const port of ports.values()) port.destroy();
  });
}

async function informAll({ vmis, launchers, finder, log }: DownwardMetricsContext, ports: Map<string, Socket>) {
  const asking = vmis.list().filter((vmi) => vmi.status?.phase === "Running" && wantsMetrics(vmi));
  if (asking.length === 0) return;
  const host = await readHost();
  for (const vmi of asking) {
    const pod = launcherOf(launchers, vmi);
    const qemu = pod && (await finder.find(pod.metadata?.uid ?? ""));
    if (qemu === undefined) continue;
    await inform(vmi, qemu, host, ports).catch((error: unknown) => {
      log.warn({ vmi: vmi.metadata?.name, error: messageOf(error) }, "the guest does not get its metrics");
    });
  }
}

function wantsMetrics({ spec }: VirtualMachineInstance): boolean {
  return spec.domain.devices.downwardMetrics !== undefined || metricsDisks(spec).length > 0;
}

function metricsDisks(spec: VirtualMachineInstance["spec"]): string[] {
  return diskSources(spec).flatMap(({ source }) => (source.type === "metrics" ? [source.path] : []));
}

async function inform(vmi: VirtualMachineInstance, qemu: QemuProcess, host: HostFacts, ports: Map<string, Socket>) {
  const metrics = renderMetrics(host, await readMachine(qemu.pid, sizeOfMachine(vmi)));
  for (const path of metricsDisks(vmi.spec)) await rewriteMetricsDisk(hostPathOf(qemu.pid, path), metrics);
  if (vmi.spec.domain.devices.downwardMetrics === undefined) return;
  const key = `${qemu.pid}/${qemu.startTicks}`;
  if (!ports.has(key)) ports.set(key, await openPort(vmi, qemu, () => ports.delete(key)));
}

async function openPort(vmi: VirtualMachineInstance, qemu: QemuProcess, onClosed: () => void): Promise<Socket> {
  const socket = await dial(socketOf(qemu.pid, "metrics"));
  let rest = "";
  // An error is followed by `close`.
  socket.on("error", () => undefined).once("close", onClosed);
  socket.on("data", (bytes: Buffer) => {
    const heard = hear(rest, bytes.toString("latin1"));
    rest = heard.rest;
    for (const request of heard.requests) void answer(request).catch(() => socket.destroy());
  });
  const answer = async (request: Parameters<typeof answerTo>[0]): Promise<void> => {
    const metrics = renderMetrics(await readHost(), await readMachine(qemu.pid, sizeOfMachine(vmi)));
    socket.write(answerTo(request, metrics));
  };
  return socket;
}
