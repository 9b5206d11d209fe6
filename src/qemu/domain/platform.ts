/** Machine, accelerator, processors and memory of a domain. */
import { boardOf, isPc } from "./board.ts";
import type { Cpu, Domain } from "./domain.ts";
import { flashOptions } from "./firmware.ts";
import { type Argument, option } from "./options.ts";
import { panicFeatures } from "./panic.ts";

const mebibyte = 1024 ** 2;
/** QEMU's own limit is a gigabyte for each machine, which a busy guest fills. A small Linux guest needs about 32. */
export const translatedCodeMebibytes = 64;

export function machineArguments(domain: Domain): Argument[] {
  const secureBoot = domain.firmware.type === "efi" && domain.firmware.secureBoot;
  const machine = option(domain.machineVersion ?? domain.machine, {
    "dump-guest-core": false,
    vmport: isPc(domain) ? false : undefined,
    "gic-version": isPc(domain) ? undefined : 3,
    smm: domain.machine === "q35" ? secureBoot || domain.smm === true : undefined,
    hpet: domain.clock?.hpet,
    "memory-backend": domain.memory.hugePageBytes === undefined ? undefined : hugeMemoryId,
    ...flashOptions(domain),
  });
  return [
    ["-machine", machine],
    ["-accel", domain.accelerator === "tcg" ? `tcg,tb-size=${translatedCodeMebibytes}` : domain.accelerator],
  ];
}

export function cpuArguments(domain: Domain): Argument[] {
  const { sockets, cores, threads } = domain.cpu;
  const maxSockets = Math.max(sockets, domain.cpu.maxSockets ?? sockets);
  return [
    [
      "-cpu",
      [
        cpuModel(domain),
        ...(domain.cpu.features ?? []).map(feature),
        ...kvmFeatures(domain),
        ...panicFeatures(domain),
      ].join(","),
    ],
    [
      "-smp",
      option(String(sockets * cores * threads), {
        sockets: maxSockets,
        cores,
        threads,
        maxcpus: maxSockets * cores * threads,
      }),
    ],
  ];
}

/** TCG has no host processor to pass through. */
function cpuModel(domain: Domain): string {
  const model = domain.cpu.model ?? "host-model";
  if (model !== "host-model" && model !== "host-passthrough") return model;
  return domain.accelerator === "kvm" ? "host" : boardOf(domain).emulatedCpu;
}

function feature({ name, policy }: NonNullable<Cpu["features"]>[number]): string {
  const on = policy === "force" || policy === "require" || policy === "optional";
  return `${name}=${on ? "on" : "off"}`;
}

function kvmFeatures({ accelerator, cpu }: Domain): string[] {
  const { hyperv = {}, pvSpinlock, kvmClock, kvmHidden } = cpu;
  const flags = { "kvm-pv-unhalt": pvSpinlock, kvmclock: kvmClock, ...hyperv };
  const options = option("", flags);
  return [...(accelerator === "kvm" && options !== "" ? [options] : []), ...(kvmHidden ? ["kvm=off"] : [])];
}

/**
 * On an emulated processor, a sliver more than asked for. There QEMU before 9.0 loses what a guest writes while it moves: where memory is
 * a multiple of 64 pages it clears the marks of written pages by a shortcut that leaves the processor's cache of addresses as it is, so
 * that the next write to such a page sets no mark (fixed by QEMU's "physmem: Fix migration dirty bitmap coherency with TCG memory
 * access"). With a size that is none it does not take the shortcut. A page more would be rounded up to two.
 */
const sliverKibibytes = 8;

const hugeMemoryId = "huge-memory";

export function memoryArguments(domain: Domain): Argument[] {
  const { memory } = domain;
  return memory.hugePageBytes === undefined ? smallPages(domain) : hugePages(memory.bytes, memory.hugePageBytes);
}

/** Taken when QEMU starts: one that finds too few ends there, not in the middle of its guest's work. */
function hugePages(bytes: number, pageBytes: number): Argument[] {
  const size = `${Math.ceil(bytes / pageBytes) * (pageBytes / mebibyte)}M`;
  const pages = { hugetlb: true, hugetlbsize: `${pageBytes / mebibyte}M`, prealloc: true };
  return [
    ["-object", option("memory-backend-memfd", { id: hugeMemoryId, size, ...pages })],
    ["-m", `size=${size}`],
  ];
}

function smallPages({ memory, accelerator }: Domain): Argument[] {
  const sizeMebibytes = Math.ceil(memory.bytes / mebibyte);
  const size = accelerator === "tcg" ? `${sizeMebibytes * 1024 + sliverKibibytes}K` : `${sizeMebibytes}M`;
  if (memory.maxBytes === undefined || memory.maxBytes <= memory.bytes) return [["-m", `size=${size}`]];
  return [["-m", `size=${size},slots=16,maxmem=${Math.ceil(memory.maxBytes / mebibyte)}M`]];
}
