/**
 * Exports the trace of each start when it is whole: when the guest agent has connected, or five minutes after the guest was started for guests that
 * have none. What was whole when this controller began was another's to export: a trace may be lost with a controller, and is never sent twice by one.
 */
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Change, Informer } from "../../client/informer.ts";
import type { TraceExporter } from "../../telemetry/trace/exporter.ts";
import { renderOtlp } from "../../telemetry/trace/otlp.ts";
import { startSpans } from "../../telemetry/trace/spans.ts";

const agentPatienceMs = 5 * 60_000;

export function exportTraces(
  vmis: Pick<Informer<VirtualMachineInstance>, "get" | "onChange">,
  exporter: TraceExporter,
  signal: AbortSignal,
  patienceMs = agentPatienceMs,
): void {
  const timers = new Map<string, NodeJS.Timeout>();

  function note({ type, object, previous }: Change<VirtualMachineInstance>): void {
    const { uid = "", namespace, name = "" } = object.metadata ?? {};
    if (type === "deleted") return forget(uid);
    if (type !== "updated") return;
    if (reached(object, previous, "agentConnected")) {
      forget(uid);
      send(object);
    } else if (reached(object, previous, "guestStarted")) {
      const later = (): void => {
        timers.delete(uid);
        const now = vmis.get(namespace, name);
        if (now?.metadata?.uid === uid && now.status?.startTrace?.agentConnected === undefined) send(now);
      };
      timers.set(uid, setTimeout(later, patienceMs).unref());
    }
  }

  function send(vmi: VirtualMachineInstance): void {
    const start = startSpans(vmi);
    if (start !== undefined) exporter.export(renderOtlp(vmi, start));
  }

  function forget(uid: string): void {
    clearTimeout(timers.get(uid));
    timers.delete(uid);
  }

  vmis.onChange((change) => {
    if (!signal.aborted) note(change);
  });
  signal.addEventListener("abort", () => {
    for (const uid of timers.keys()) forget(uid);
  });
}

function reached(
  { status }: VirtualMachineInstance,
  previous: VirtualMachineInstance | undefined,
  mark: "agentConnected" | "guestStarted",
): boolean {
  return status?.startTrace?.[mark] !== undefined && previous?.status?.startTrace?.[mark] === undefined;
}
