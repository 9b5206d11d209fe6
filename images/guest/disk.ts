/**
 * Makes a bootable disk from a kernel and an initramfs, without root, mounts or loop devices: GRUB's core goes behind the boot
 * sector, a FAT partition is written by mtools.
 *
 * The firmware and GRUB read SATA disks, but Debian's cloud kernel has no AHCI driver: the guest boots from such a disk and
 * sees none. GRUB 2.06 cannot hand over a medium's files either (`initrd newc:`): Linux refuses its archives.
 */
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exec } from "../../src/base/exec.ts";
import { type Architecture, packageFor } from "../debian/architecture.ts";
import type { Kitchen } from "../recipe.ts";

const mebibyte = 1024 ** 2;
const partitionOffset = mebibyte;
/** mtools writes times; FAT's begin in 1980. */
const environment = { SOURCE_DATE_EPOCH: "315532800", MTOOLS_SKIP_CHECK: "1", TZ: "UTC" };

interface Platform {
  /** As GRUB calls it. */
  name: string;
  packageName: string;
  modules: readonly string[];
  /** Where EFI looks for it. */
  efiFile?: string;
}

const bios: Platform = { name: "i386-pc", packageName: "grub-pc-bin", modules: ["biosdisk"] };
/** Without a video driver of GRUB's the kernel finds no screen. */
const modules = ["efi_gop"];
const pcEfi: Platform = { name: "x86_64-efi", packageName: "grub-efi-amd64-bin", modules, efiFile: "BOOTX64.EFI" };
const armEfi: Platform = {
  name: "arm64-efi",
  packageName: packageFor("arm64", "grub-efi-arm64-bin"),
  modules,
  efiFile: "BOOTAA64.EFI",
};

/** By what a disk is booted; a PC by either. */
const platforms: Readonly<Record<Architecture, { bios?: Platform; efi: Platform; console: string }>> = {
  amd64: { bios, efi: pcEfi, console: "ttyS0" },
  i386: { bios, efi: pcEfi, console: "ttyS0" },
  arm64: { efi: armEfi, console: "ttyAMA0" },
};

/** Packages of the tools that make it. */
export function diskPackages(architecture: Architecture): string[] {
  const { bios, efi } = platforms[architecture];
  return ["grub-common", ...(bios ? [bios.packageName] : []), efi.packageName, "libdevmapper1.02.1", "mtools"];
}

const commonModules = ["part_msdos", "fat", "search", "search_label", "normal", "linux"];

/**
 * `no_timer_check`: on a busy host the emulated timer is late, and the kernel would panic over it.
 * `cryptomgr.notests`, `noisapnp`: a fifth of an emulated boot of the i386 kernel went into self-tests and a search for ISA cards.
 */
const configuration = await readFile(join(import.meta.dirname, "grub.cfg"), "utf8");

export async function buildDisk(
  kitchen: Kitchen,
  files: { kernel: Uint8Array; initramfs: Uint8Array },
  architecture: Architecture,
): Promise<Buffer> {
  const directory = kitchen.workDirectory;
  await writeFile(join(directory, "vmlinuz"), files.kernel);
  await writeFile(join(directory, "initrd"), files.initramfs);
  const bytes = partitionOffset + 4 * mebibyte + files.kernel.length + files.initramfs.length;
  const diskPath = join(directory, "disk.raw");
  await writeFile(join(directory, "grub.cfg"), configuration.replace("ttyS0", platforms[architecture].console));
  await writeBootSectors(kitchen, diskPath, Math.ceil(bytes / mebibyte) * mebibyte, platforms[architecture].bios);
  await fillPartition(kitchen, diskPath, platforms[architecture].efi);
  const qcow2 = join(directory, "disk.qcow2");
  await exec(["qemu-img", "convert", "-O", "qcow2", diskPath, qcow2]);
  return await readFile(qcow2);
}

async function writeBootSectors(
  kitchen: Kitchen,
  diskPath: string,
  bytes: number,
  bios: Platform | undefined,
): Promise<void> {
  const sector = Buffer.alloc(512);
  if (bios) sector.set((await readFile(`${imagesOf(kitchen, bios)}/boot.img`)).subarray(0, 440));
  writePartition(sector, partitionOffset / 512, (bytes - partitionOffset) / 512);
  const core = bios ? await grubImage(kitchen, bios) : Buffer.alloc(0);
  if (core.length > partitionOffset - 512)
    throw new Error(`GRUB's core of ${core.length} bytes does not fit before the partition`);
  const disk = await open(diskPath, "w");
  await disk.truncate(bytes);
  await disk.write(sector, 0, sector.length, 0);
  await disk.write(core, 0, core.length, 512);
  await disk.close();
}

/** One active partition. Type 0xef: EFI looks into it too. */
function writePartition(sector: Buffer, start: number, count: number): void {
  sector.writeUInt32LE(0x766d706f, 440); // the disk's signature
  sector.set([0x80, 0xfe, 0xff, 0xff, 0xef, 0xfe, 0xff, 0xff], 446);
  sector.writeUInt32LE(start, 454);
  sector.writeUInt32LE(count, 458);
  sector.writeUInt16LE(0xaa55, 510);
}

function imagesOf(kitchen: Kitchen, { packageName, name }: Platform): string {
  return `${kitchen.packageRoot(packageName)}/usr/lib/grub/${name}`;
}

async function grubImage(kitchen: Kitchen, platform: Platform): Promise<Buffer> {
  const configPath = join(kitchen.workDirectory, "grub.cfg");
  const output = join(kitchen.workDirectory, `grub.${platform.name}`);
  const program = `${kitchen.packageRoot("grub-common")}/usr/bin/grub-mkimage`;
  const images = imagesOf(kitchen, platform);
  const options = ["-d", images, "-O", platform.name, "-p", "/grub", "-c", configPath, "-o", output];
  const libraries = `${kitchen.packageRoot("libdevmapper1.02.1")}/lib/x86_64-linux-gnu`;
  await exec([program, ...options, ...commonModules, ...platform.modules], {
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
  });
  return await readFile(output);
}

async function fillPartition(kitchen: Kitchen, diskPath: string, platform: Platform): Promise<void> {
  const tools = `${kitchen.packageRoot("mtools")}/usr/bin`;
  const partition = `${diskPath}@@${partitionOffset}`;
  const run = async (tool: string, ...args: string[]): Promise<unknown> =>
    await exec([`${tools}/${tool}`, "-i", partition, ...args], { env: { ...process.env, ...environment } });
  const efi = join(kitchen.workDirectory, "boot.efi");
  await writeFile(efi, await grubImage(kitchen, platform));
  await run("mformat", "-v", "VMPODGUEST", "-N", "766d706f", "-c", "64", "::");
  await run("mmd", "::/EFI", "::/EFI/BOOT");
  await run("mcopy", efi, `::/EFI/BOOT/${platform.efiFile}`);
  for (const name of ["vmlinuz", "initrd"]) await run("mcopy", join(kitchen.workDirectory, name), `::/${name}`);
}
