/**
 * An instance's start as spans: from each mark to the next in time, so that they are ordered, do not overlap, and add up to the whole. Pure.
 */
import { type StartMark, startMarks, type StartTrace } from "../../../api/kubevirt/start-trace.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";

export interface Span {
  /** The mark that it ends with. */
  mark: StartMark;
  title: string;
  startMs: number;
  endMs: number;
}

export interface StartSpans {
  startMs: number;
  endMs: number;
  spans: Span[];
}

const titles: Readonly<Record<StartMark, string>> = {
  created: "seen by the controller",
  podCreated: "pod created",
  podScheduled: "scheduled to a node",
  podRunning: "images, volumes, container",
  qemuReady: "QEMU started",
  networkReady: "network",
  disksReady: "disks prepared",
  guestStarted: "devices attached, guest started",
  firstOutput: "until the guest's first output",
  kernelStarted: "until its kernel speaks",
  agentConnected: "until its guest agent connects",
};

/** Undefined for an instance of which no two moments are known. */
export function startSpans(vmi: VirtualMachineInstance): StartSpans | undefined {
  const times = timesOf(vmi.status?.startTrace ?? {});
  const startMs = beginning(times[0]?.[1], vmi.metadata?.creationTimestamp);
  const endMs = times.at(-1)?.[1];
  if (startMs === undefined || endMs === undefined || endMs === startMs) return undefined;
  const spans = times.map(([mark, end], index) => ({
    mark,
    title: titles[mark],
    startMs: times[index - 1]?.[1] ?? startMs,
    endMs: end,
  }));
  return { startMs, endMs, spans: spans.filter((span, index) => index > 0 || span.endMs > span.startMs) };
}

function timesOf(trace: StartTrace): [StartMark, number][] {
  const times = startMarks.map((mark): [StartMark, number] => [mark, Date.parse(trace[mark] ?? "")]);
  return times.filter(([, time]) => !Number.isNaN(time)).toSorted(([, one], [, other]) => one - other);
}

const secondMs = 1_000;

/** The API's clock counts whole seconds: within one of them, the first mark is nearer to the truth. */
function beginning(firstMs: number | undefined, creationTimestamp: string | undefined): number | undefined {
  const createdMs = Date.parse(creationTimestamp ?? "");
  if (firstMs === undefined || Number.isNaN(createdMs)) return firstMs;
  const waitedMs = firstMs - createdMs;
  return waitedMs > secondMs ? createdMs : firstMs;
}
