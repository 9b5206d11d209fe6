import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { Informer } from "../../client/informer.ts";
import type { QmpEvent } from "../../qemu/qmp/message.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import { parseObjectKey } from "../../runtime/object-key.ts";
import type { DomainRecords } from "./records.ts";

/** Events that change what an observation shows; the others (display clients, clock, balloon) do not. */
const telling = new Set([
  "ACPI_DEVICE_OST",
  "BLOCK_IO_ERROR",
  "DEVICE_DELETED",
  "GUEST_PANICKED",
  "MEMORY_DEVICE_SIZE_CHANGE",
  "NETDEV_STREAM_DISCONNECTED",
  "POWERDOWN",
  "RESET",
  "RESUME",
  "SHUTDOWN",
  "STOP",
  "SUSPEND",
  "VSERPORT_CHANGE",
  "WAKEUP",
  "WATCHDOG",
]);

const rememberedResets = 10;

/** Takes down what an event says and no later look could find. @returns whether to look again */
export function noteEvent(
  vmis: Informer<VirtualMachineInstance>,
  records: DomainRecords,
  recorder: EventRecorder,
  key: string,
  { event, data, timestampMs }: QmpEvent,
): boolean {
  const { namespace, name } = parseObjectKey(key);
  const vmi = vmis.get(namespace, name);
  if (vmi === undefined || !telling.has(event)) return false;
  const record = records.of(vmi.metadata?.uid ?? "");
  if (event === "RESET" && data["guest"] === true) {
    record.resetsMs = [...record.resetsMs, timestampMs].slice(-rememberedResets);
  }
  if (event === "GUEST_PANICKED") {
    record.panics += 1;
    record.panicDetails = panicDetails(data);
  }
  // passt has ended: it is started again.
  if (event === "NETDEV_STREAM_DISCONNECTED") {
    record.networkOf = undefined;
    record.networkBreaks += 1;
  }
  if (event === "VSERPORT_CHANGE") {
    record.guestAskedMs = 0;
    // It may be a freshly booted guest's.
    Object.assign(record, { broughtOnline: undefined, onlineAsked: undefined });
    if (record.credentials) record.credentials.digest = "";
  }
  if (event === "POWERDOWN" && vmi.metadata?.deletionTimestamp) {
    recorder.record(vmi, "Normal", "ShuttingDown", "Signaled Graceful Shutdown");
  }
  return true;
}

/** Windows' bug check code and its parameters, as upstream writes them. A kernel that is not Windows says only that it panicked. */
export function panicDetails({ info }: QmpEvent["data"]): string | undefined {
  const { type, ...rest } = (info ?? {}) as Record<string, unknown>;
  if (type !== "hyper-v") return undefined;
  const values = ["arg1", "arg2", "arg3", "arg4", "arg5"].map((name) => `'0x${Number(rest[name]).toString(16)}'`);
  return values.join(", ");
}
