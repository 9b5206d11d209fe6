/**
 * Recognises a guest that will not come up by itself. Pure.
 *
 * The only witnesses that need no cooperation of the guest are what it wrote (serial port, VGA text memory), how
 * often it reset itself, and where its processor rests. None says "booted": only clear signs of failure count.
 */
import type { BootFailure } from "../domain/observation.ts";

export interface BootWitness {
  /** The end of what came over the serial port. */
  serialTail: string;
  /** The 80x25 text screen; empty without a VGA device. */
  screen: string;
  /** The first processor rests in the BIOS' own segment, in real mode. */
  haltedInFirmware: boolean;
  /** How long the guest has run. */
  ageMs: number;
  /** When the guest reset itself. */
  resetsMs: readonly number[];
  nowMs: number;
}

const loopResets = 3;
const loopWindowMs = 180_000;
/** Firmware also rests for moments while it waits for a disk. */
const firmwareRestMs = 20_000;

const noDevice = "the firmware found no device to boot from: does the first disk carry a boot loader?";

const prompt = "the boot loader waits at its prompt: it did not find the system that it is to start";

export function detectBootFailure(witness: BootWitness): BootFailure | undefined {
  const text = `${witness.screen}\n${witness.serialTail}`;
  const panic = /Kernel panic - not syncing: ?([^\r\n]*)/.exec(text);
  if (panic) return { reason: "KernelPanic", message: `the guest's kernel panicked: ${panic[1]?.trim()}` };
  const resets = witness.resetsMs.filter((at) => witness.nowMs - at < loopWindowMs).length;
  if (resets >= loopResets) {
    const minutes = loopWindowMs / 60_000;
    return { reason: "BootLoop", message: `the guest reset itself ${resets} times within ${minutes} minutes` };
  }
  if (/No bootable (device|option or device was found)/.test(lastLines(text))) {
    return { reason: "NoBootableDevice", message: noDevice };
  }
  if (/^grub( rescue)?>\s*$/m.test(lastLines(text))) return { reason: "BootLoaderStopped", message: prompt };
  if (witness.screen === "" && witness.haltedInFirmware && witness.ageMs > firmwareRestMs) {
    return { reason: "NoBootableDevice", message: noDevice };
  }
  return undefined;
}

/** What was said before something else was written is past. */
function lastLines(text: string): string {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-4)
    .join("\n");
}
