/**
 * What is different on a board of another architecture. QEMU's `virt`, of arm64, has PCI Express like q35, but none of a PC's own devices:
 *
 *               q35, pc (amd64)       virt (arm64)
 *   program     qemu-system-x86_64    qemu-system-aarch64
 *   firmware    SeaBIOS, OVMF         AAVMF
 *   console     isa-serial, ttyS0     pl011, ttyAMA0, which the board always has
 *   screen      VGA ...               virtio-gpu, ramfb
 *   TPM         tpm-crb               tpm-tis-device
 *   SATA, SMM, HPET, ISA              there is none
 */
import type { Domain, MachineType, VideoType } from "./domain.ts";

interface Board {
  program: string;
  /** Of a machine whose EFI keeps nothing. */
  efi: string;
  tpm: string;
  video: Readonly<Partial<Record<VideoType, string>>>;
  defaultVideo: VideoType;
  /** Everything that TCG can emulate. `max` of arm64 signs pointers by a cipher, which takes a third of the time of an emulated guest. */
  emulatedCpu: string;
}

const pc: Board = {
  program: "qemu-system-x86_64",
  efi: "/usr/share/ovmf/OVMF.fd",
  tpm: "tpm-crb",
  video: { vga: "VGA", virtio: "virtio-vga", bochs: "bochs-display", cirrus: "cirrus-vga", ramfb: "ramfb" },
  defaultVideo: "vga",
  emulatedCpu: "max",
};

const arm: Board = {
  program: "qemu-system-aarch64",
  efi: "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
  tpm: "tpm-tis-device",
  video: { virtio: "virtio-gpu-pci", ramfb: "ramfb" },
  defaultVideo: "virtio",
  emulatedCpu: "max,pauth-impdef=on",
};

const boards: Readonly<Record<MachineType, Board>> = { q35: pc, pc, virt: arm };

export function boardOf({ machine }: Pick<Domain, "machine">): Board {
  return boards[machine];
}

export function isPc({ machine }: Pick<Domain, "machine">): boolean {
  return machine !== "virt";
}
