/**
 * Devices by which a guest's kernel tells that it gave up. QEMU then stands still (`guest-panicked`) instead of ending: the state stays
 * until the node agent has seen it, also one that was not there at that moment.
 */
import type { Domain, PanicDevice } from "./domain.ts";
import { type Argument, option } from "./options.ts";

const drivers: Readonly<Record<Exclude<PanicDevice, "hyperv">, string>> = { isa: "pvpanic", pvpanic: "pvpanic-pci" };

export function panicArguments({ panicDevices = [] }: Domain): Argument[] {
  if (panicDevices.length === 0) return [];
  return [
    ["-action", "panic=pause"],
    ...panicDevices.flatMap((model): Argument[] =>
      model === "hyperv" ? [] : [["-device", option(drivers[model], { id: `panic-${model}` })]],
    ),
  ];
}

/** Windows writes into registers of the processor instead. */
export function panicFeatures({ panicDevices = [] }: Domain): string[] {
  return panicDevices.includes("hyperv") ? ["hv-crash=on"] : [];
}
