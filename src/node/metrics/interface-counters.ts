/** What went over a guest's taps, as the kernel counts it in the pod's network namespace. Pure but for one file. */
import { readTextIfThere } from "../../base/files.ts";

export interface InterfaceCounters {
  receivedBytes: number;
  receivedPackets: number;
  receiveErrors: number;
  receiveDrops: number;
  sentBytes: number;
  sentPackets: number;
  sendErrors: number;
  sendDrops: number;
}

/** By the names of the links. */
export async function readInterfaceCounters(pid: number): Promise<Map<string, InterfaceCounters>> {
  return parseInterfaceCounters((await readTextIfThere(`/proc/${pid}/net/dev`)) ?? "");
}

/**
 * `  tap0: BYTES PACKETS ERRS DROP FIFO FRAME COMPRESSED MULTICAST  BYTES PACKETS ERRS DROP ...`, received first. Seen from the guest, on the
 * other end of the tap, it is the other way round.
 */
export function parseInterfaceCounters(netDev: string): Map<string, InterfaceCounters> {
  const lines = netDev.split("\n").map((line) => /^\s*([^:\s]+):\s*(\d[\d\s]*)$/.exec(line));
  return new Map(lines.flatMap((match) => (match ? [[match[1] ?? "", countersOf(match[2] ?? "")]] : [])));
}

function countersOf(numbers: string): InterfaceCounters {
  const counts = numbers.trim().split(/\s+/).map(Number);
  const at = (index: number): number => counts[index] ?? 0;
  return {
    sentBytes: at(0),
    sentPackets: at(1),
    sendErrors: at(2),
    sendDrops: at(3),
    receivedBytes: at(8),
    receivedPackets: at(9),
    receiveErrors: at(10),
    receiveDrops: at(11),
  };
}

/**
 * Which tap an interface of the machine uses. No QMP command tells; `info network` prints a netdev a line:
 * ` \ net-default: index=0,type=tap,ifname=tap0,script=no,...`.
 */
export function parseTaps(infoNetwork: string): Map<string, string> {
  const pattern = /^(?: \\ )?net-([^\s:]+): index=\d+,type=tap,(?:.*,)?ifname=([^,\s]+)/;
  const lines = infoNetwork.split("\n").map((line) => pattern.exec(line.trimEnd()));
  return new Map(lines.flatMap((match) => (match ? [[match[1] ?? "", match[2] ?? ""]] : [])));
}
