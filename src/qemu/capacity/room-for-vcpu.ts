/**
 * Room for one more vCPU in what an emulating QEMU has translated.
 *
 * TCG keeps translated code in a buffer that is divided into regions; a vCPU translates into one of its own and takes the next when that is
 * full. A vCPU that is plugged in while none is free ends QEMU, and the guest with it ("tcg_region_initial_alloc__locked: assertion failed",
 * tcg/region.c; seen with QEMU 7.2). An idle guest may have the buffer nearly full for ever. It is emptied only when it overflows, so it is
 * made to: told to translate each instruction on its own, the guest needs nearly everything it does translated anew.
 */
import { setTimeout as delay } from "node:timers/promises";
import { translatedCodeMebibytes } from "../domain/platform.ts";
import type { QmpClient } from "../qmp/client.ts";
import { QmpError } from "../qmp/errors.ts";

type Monitor = Pick<QmpClient, "execute">;

export interface TranslatedCode {
  usedBytes: number;
  wholeBytes: number;
}

/** Of the machine. */
export interface VirtualCpus {
  present: number;
  /** The most that it may have. */
  places: number;
}

const mebibyte = 1024 ** 2;
const leastRegionBytes = 2 * mebibyte;
const regionsForEach = 8;
const attempts = 20;
const attemptMs = 300;
/** By its name before QEMU 8.1, and since. */
const stepping = ["singlestep", "one-insn-per-tb"];

/** Gives the guest something to do; may fail. */
export type Stir = () => Promise<unknown>;
const leaveAlone: Stir = () => Promise.resolve();

/** Resolves at once where nothing is translated. @throws Error when the guest did too little to fill the buffer, within some seconds */
export async function makeRoomForVcpu(
  qmp: Monitor,
  cpus: VirtualCpus,
  stir = leaveAlone,
  pauseMs = attemptMs,
): Promise<void> {
  const hasRoom = async () => {
    const buffer = await translatedCode(qmp);
    return buffer === undefined || isRoomFor(buffer, cpus);
  };
  if (await hasRoom()) return step(qmp, "off"); // whoever turned it on may have been killed
  for (let attempt = 0; attempt < attempts; attempt++) {
    await step(qmp, "on");
    await Promise.all([delay(pauseMs), stir().catch(() => undefined)]).finally(() => step(qmp, "off"));
    if (await hasRoom()) return;
  }
  throw new Error("QEMU has no room for the code of another vCPU: it is added when the guest has done something");
}

/** Pure; counts as if each vCPU had just begun a region. */
export function isRoomFor({ usedBytes, wholeBytes }: TranslatedCode, { present, places }: VirtualCpus): boolean {
  const regionBytes = wholeBytes / regionsOf(places);
  return usedBytes <= wholeBytes - (present + 1) * regionBytes;
}

/** As QEMU divides it (tcg/region.c). */
function regionsOf(places: number): number {
  const most = Math.floor((translatedCodeMebibytes * mebibyte) / leastRegionBytes);
  return most <= places ? places : Math.min(most, places * regionsForEach);
}

/** Undefined: this QEMU translates nothing, or does not tell. */
async function translatedCode(qmp: Monitor): Promise<TranslatedCode | undefined> {
  try {
    const { "human-readable-text": told } = await qmp.execute("x-query-jit");
    const [, used, whole] = /^gen code size\s+(\d+)\/(\d+)$/m.exec(told) ?? [];
    return whole === undefined ? undefined : { usedBytes: Number(used), wholeBytes: Number(whole) };
  } catch (error) {
    if (error instanceof QmpError) return undefined;
    throw error;
  }
}

async function step(qmp: Monitor, how: "on" | "off"): Promise<void> {
  // To a name that it does not know QEMU answers that it does not.
  for (const name of stepping) await qmp.execute("human-monitor-command", { "command-line": `${name} ${how}` });
}
