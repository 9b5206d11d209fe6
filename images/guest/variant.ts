/**
 * The same small guest on three kernels. Debian's amd64 kernel needs physical memory from 16 to 68 MiB while it unpacks itself,
 * whatever it uses later; its smallest i386 kernel is done with 16 MiB, so that a machine of 64 MiB boots. The one of arm64 is for machines
 * whose processor is emulated anyway.
 */
import type { Architecture } from "../debian/architecture.ts";

export interface GuestVariant {
  name: string;
  architecture: Architecture;
  kernelPackage: string;
  libraryPackages: readonly string[];
  modules: readonly string[];
}

const libraryPackages = ["libtomcrypt1", "libtommath1", "libglib2.0-0", "libnuma1", "liburing2", "libudev1"];
/** On this machine they are installed; of another architecture none is. */
const systemLibraryPackages = ["libc6", "libcrypt1", "libgmp10", "libpcre2-8-0", "zlib1g"];

const tinyModules = (
  "virtio_pci virtio_blk virtio_net virtio_console virtio-rng virtio_balloon " +
  "isofs vfat nls_ascii nls_cp437 nls_utf8 button evdev"
).split(" ");

export const usual: GuestVariant = {
  name: "guest",
  architecture: "amd64",
  kernelPackage: "linux-image-cloud-amd64",
  libraryPackages,
  modules: [
    ...tinyModules,
    "virtio_scsi",
    "virtio_input",
    "virtio_mem",
    "qemu_fw_cfg",
    "ata_piix",
    "sd_mod",
    "sr_mod",
    "pvpanic_mmio",
    "pvpanic_pci",
    "virtiofs",
  ],
};

export const tiny: GuestVariant = {
  name: "guest-tiny",
  architecture: "i386",
  kernelPackage: "linux-image-686",
  libraryPackages: [...libraryPackages, ...systemLibraryPackages],
  modules: tinyModules,
};

export const arm: GuestVariant = {
  name: "guest-arm64",
  architecture: "arm64",
  kernelPackage: "linux-image-cloud-arm64",
  libraryPackages: [...libraryPackages, ...systemLibraryPackages],
  // The power button's driver is part of this kernel.
  modules: [...tinyModules.filter((name) => name !== "button"), "virtio_scsi", "virtio_input", "sd_mod", "sr_mod"],
};
