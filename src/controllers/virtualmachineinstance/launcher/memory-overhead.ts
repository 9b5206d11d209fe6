/**
 * What a launcher pod needs beyond the guest's memory: QEMU itself, a stack and device state per virtual CPU, the
 * video memory, the tables that map guest memory, and with TCG the translated code.
 * Measured with QEMU 7.2: 19-30 MB before boot, about 70 MB for a booted small guest under TCG.
 */
import { virtualCpuCount } from "../../../../api/kubevirt/defaults/resources.ts";
import { usesPasst } from "../../../../api/kubevirt/passt.ts";
import { hasTpm } from "../../../../api/kubevirt/persistent-state.ts";
import type { Interface, VirtualMachineInstanceSpec } from "../../../../api/kubevirt/types.ts";
import { quantityToNumber } from "../../../base/quantity.ts";
import { translatedCodeMebibytes } from "../../../qemu/domain/platform.ts";
import type { Accelerator } from "./domain.ts";

const mebibyte = 1024 ** 2;
const qemuBytes = 36 * mebibyte;
const bytesPerVirtualCpu = 4 * mebibyte;
const videoBytes = 16 * mebibyte;
/** `swtpm`, measured: 6 MB. */
const tpmBytes = 8 * mebibyte;
/** Measured: 16 MB, most of it buffers that do not grow; and 3.6 kB of the kernel's for each port, which is a socket. */
const passtBytes = 20 * mebibyte;
const bytesPerPort = 4096;
/** Of TCP and of UDP; passt leaves out those that the kernel gives to who connects. */
const allPorts = 2 * (65_535 - 28_232);
const translatedCodeBytes = translatedCodeMebibytes * mebibyte;
/** QEMU keeps a kernel and an initrd that it boots itself: they are loaded again at each reset. */
const kernelBytes = 64 * mebibyte;
/** Page tables: 8 bytes for each page of 4 KiB. */
const guestBytesPerTableByte = 512;

export function memoryOverheadBytes(spec: VirtualMachineInstanceSpec, accelerator: Accelerator): number {
  const guestBytes = quantityToNumber(spec.domain.memory?.guest ?? 0);
  const video = spec.domain.devices.autoattachGraphicsDevice === false ? 0 : videoBytes;
  const code = accelerator === "tcg" ? translatedCodeBytes : 0;
  const kernel = spec.domain.firmware?.kernelBoot?.container ? kernelBytes : 0;
  const tables = Math.ceil(guestBytes / guestBytesPerTableByte);
  const passt = (spec.domain.devices.interfaces ?? [])
    .filter(usesPasst)
    .reduce((sum, nic) => sum + passtBytesOf(nic), 0);
  const tpm = hasTpm(spec) ? tpmBytes : 0;
  const added = quantityToNumber(spec.domain.memory?.reservedOverhead?.addedOverhead ?? 0);
  const cpus = bytesPerVirtualCpu * virtualCpuCount(spec.domain.cpu);
  return added + qemuBytes + cpus + video + tpm + passt + code + tables + kernel;
}

function passtBytesOf({ ports = [], portRanges = [] }: Interface): number {
  const named = portRanges.reduce((sum, { start, end }) => sum + end - start + 1, ports.length);
  return passtBytes + bytesPerPort * (named || allPorts);
}
