/** The VGA text screen, read from guest memory: one monitor command of about a millisecond. */
import type { QmpClient } from "../../qemu/qmp/client.ts";

const columns = 80;
const rows = 25;
const textMemory = "0xb8000";

export async function readScreen(qmp: QmpClient): Promise<string> {
  const dump = await qmp.execute("human-monitor-command", { "command-line": `xp /${columns * rows}hx ${textMemory}` });
  return parseScreen(dump);
}

/** Each word is a character and its colours. Without text on it (graphics mode, other memory) a screen is empty. */
export function parseScreen(dump: string): string {
  const words = [...dump.matchAll(/0x([0-9a-f]{4})(?=\s|$)/g)].map((match) => Number.parseInt(match[1] ?? "0", 16));
  const text = words.map((word) => printable(word & 0xff)).join("");
  const lines = Array.from({ length: rows }, (_, row) => text.slice(row * columns, (row + 1) * columns).trimEnd());
  return lines.join("\n").trim();
}

function printable(code: number): string {
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : " ";
}

/** Whether the first processor waits, in real mode, in the segment of the BIOS. */
export async function isHaltedInFirmware(qmp: QmpClient): Promise<boolean> {
  const registers = await qmp.execute("human-monitor-command", { "command-line": "info registers" });
  return parseHaltedInFirmware(registers);
}

export function parseHaltedInFirmware(registers: string): boolean {
  return /\bHLT=1\b/.test(registers) && /\bCS =f000 /.test(registers);
}
