/** Machine, accelerator, processors and memory of a domain. */
import { boardOf, isPc } from "./board.ts";
import type { Cpu, Domain, Memory } from "./domain.ts";
import { flashOptions } from "./firmware.ts";
import { hotMemoryBlockBytes, hotMemoryId } from "./ids.ts";
import { type Argument, option, type OptionValue } from "./options.ts";
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
    "memory-backend": backendOf(domain.memory),
    ...flashOptions(domain),
  });
  return [
    ["-machine", machine],
    ...pciHoleArguments(domain),
    ["-accel", domain.accelerator === "tcg" ? `tcg,tb-size=${translatedCodeMebibytes}` : domain.accelerator],
  ];
}

const pciHosts = { q35: "q35-pcihost", pc: "i440FX-pcihost" } as const;

function pciHoleArguments({ machine, pciHole64 }: Domain): Argument[] {
  if (pciHole64 !== false || machine === "virt") return [];
  return [["-global", `${pciHosts[machine]}.pci-hole64-size=0`]];
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

const hugeMemoryId = "huge-memory";
const sharedMemoryId = "shared-memory";

function backendOf({ hugePageBytes, shared }: Memory): string | undefined {
  if (hugePageBytes !== undefined) return hugeMemoryId;
  return shared ? sharedMemoryId : undefined;
}

export function memoryArguments(domain: Domain): Argument[] {
  const { hugePageBytes } = domain.memory;
  return hugePageBytes === undefined ? smallPages(domain) : hugePages(domain.memory, hugePageBytes);
}

/** Taken when QEMU starts: one that finds too few ends there, not in the middle of its guest's work. */
function hugePages({ bytes, shared }: Memory, pageBytes: number): Argument[] {
  const size = `${Math.ceil(bytes / pageBytes) * (pageBytes / mebibyte)}M`;
  const pages = { hugetlb: true, hugetlbsize: `${pageBytes / mebibyte}M`, prealloc: true, share: shared };
  return [
    ["-object", option("memory-backend-memfd", { id: hugeMemoryId, size, ...pages })],
    ["-m", `size=${size}`],
  ];
}

/**
 * On an emulated processor, a sliver more than asked for. There QEMU before 9.0 loses what a guest writes while it moves: where memory is
 * a multiple of 64 pages it clears the marks of written pages by a shortcut that leaves the processor's cache of addresses as it is, so
 * that the next write to such a page sets no mark (fixed by QEMU's "physmem: Fix migration dirty bitmap coherency with TCG memory
 * access"). With a size that is none it does not take the shortcut. A page more would be rounded up to two.
 */
const sliverKibibytes = 8;

function smallPages({ memory, accelerator }: Domain): Argument[] {
  const sizeKibibytes = Math.ceil(memory.bytes / mebibyte) * 1024 + (accelerator === "tcg" ? sliverKibibytes : 0);
  const size = sizeKibibytes % 1024 === 0 ? `${sizeKibibytes / 1024}M` : `${sizeKibibytes}K`;
  const pluggable = pluggableMemoryBytes(memory);
  return [
    ...(memory.shared ? [sharedBackend(sharedMemoryId, size, { prealloc: memory.preallocated })] : []),
    ["-m", pluggable === 0 ? `size=${size}` : `size=${size},maxmem=${sizeKibibytes + pluggable / 1024}K`],
  ];
}

/** A file without a name, whose descriptor QEMU hands to who serves a device. */
function sharedBackend(id: string, size: string, more: Record<string, OptionValue> = {}): Argument {
  return ["-object", option("memory-backend-memfd", { id, size, share: true, ...more })];
}

const hotMemoryBackend = "hotmem";

/**
 * Room for memory that comes while the guest runs: one virtio-mem device, empty at first. Nothing is reserved for it on the host, and
 * the guest gives it out in blocks of 2 MiB. Last of all devices, so that no other one's address depends on whether it is there.
 */
export function hotMemoryArguments({ memory }: Domain): Argument[] {
  const bytes = pluggableMemoryBytes(memory);
  if (bytes === 0) return [];
  const device = {
    id: hotMemoryId,
    memdev: hotMemoryBackend,
    "requested-size": 0,
    "block-size": `${hotMemoryBlockBytes}`,
    prealloc: memory.preallocated,
  };
  return [
    memory.shared
      ? sharedBackend(hotMemoryBackend, `${bytes}`, { reserve: false })
      : ["-object", option("memory-backend-ram", { id: hotMemoryBackend, size: `${bytes}`, reserve: false })],
    ["-device", option("virtio-mem-pci", device)],
  ];
}

/** What `maxBytes` leaves beside the memory at start, in whole blocks. None beside huge pages. */
export function pluggableMemoryBytes({ bytes, maxBytes = bytes, hugePageBytes }: Memory): number {
  if (hugePageBytes !== undefined) return 0;
  return Math.max(0, Math.floor((maxBytes - bytes) / hotMemoryBlockBytes) * hotMemoryBlockBytes);
}
