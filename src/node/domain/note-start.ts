/**
 * Takes down when the node's stages of a guest's start were reached. Kept in memory until the guest runs, then told with its status; an agent that
 * is killed before leaves out what it saw. One that finds a guest running says nothing of what was before. Changes only the record.
 */
import type { StartMark } from "../../../api/kubevirt/start-trace.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { ConsoleTimes } from "../console/serial-console.ts";
import { hasStarted, type MachineObservation } from "./observation.ts";
import type { Action } from "./plan.ts";
import type { DomainRecord } from "./records.ts";

type Record = Pick<DomainRecord, "start">;

export interface Look {
  vmi: VirtualMachineInstance;
  machine: MachineObservation | undefined;
  console: ConsoleTimes | undefined;
}

export function noteLook(record: Record, { vmi, machine, console }: Look, nowMs = Date.now()): void {
  if (machine === undefined) return;
  const isNew = machine.runState === "prelaunch" && vmi.status?.phase !== "Running";
  if (isNew) mark(record, "qemuReady", nowMs);
  if (!hasStarted(machine)) return;
  if (record.start.qemuReady !== undefined) {
    mark(record, "guestStarted", nowMs);
    // What a guest that is up says tells nothing of its start.
    if (record.start.agentConnected === undefined) noteConsole(record, console);
  }
  if (machine.agentConnected) mark(record, "agentConnected", nowMs);
}

function noteConsole(record: Record, console: ConsoleTimes | undefined): void {
  mark(record, "firstOutput", console?.firstOutputMs);
  mark(record, "kernelStarted", console?.kernelMs);
}

/** Of several disks the last one counts. */
export function noteDone(record: Record, action: Action["type"], nowMs = Date.now()): void {
  if (record.start.guestStarted !== undefined) return;
  if (action === "connectNetwork") mark(record, "networkReady", nowMs);
  if (action === "prepareDisk") record.start = { ...record.start, disksReady: timeOf(nowMs) };
  if (action === "start") mark(record, "guestStarted", nowMs);
}

function mark(record: Record, name: StartMark, timeMs: number | undefined): void {
  if (timeMs === undefined || record.start[name] !== undefined) return;
  record.start = { ...record.start, [name]: timeOf(timeMs) };
}

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString();
