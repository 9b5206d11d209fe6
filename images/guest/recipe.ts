/**
 * The containerDisk of the small guest: a Debian kernel and an initramfs that is the whole system (busybox, dropbear,
 * guest agent, a cloud-init in shell and awk). It boots in seconds without hardware virtualization, and keeps nothing.
 *
 *   guest.qcow2: boot sectors | FAT: kernel, initramfs, GRUB for EFI
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { FileTree } from "../../src/storage/oci/file-tree.ts";
import { appletsOf } from "../busybox/recipe.ts";
import { packageFor } from "../debian/architecture.ts";
import { addPrograms } from "../elf/closure.ts";
import type { Kitchen, Recipe } from "../recipe.ts";
import { mergedUsr } from "../root.ts";
import { packCpio } from "./cpio.ts";
import { buildDisk, diskPackages } from "./disk.ts";
import { addModules } from "./modules.ts";
import { arm, type GuestVariant, tiny, usual } from "./variant.ts";

const programPackages = ["busybox", "busybox-static", "dropbear-bin", "openssh-sftp-server", "qemu-guest-agent"];

export const guest = guestOf(usual);
export const guestTiny = guestOf(tiny);
export const guestArm = guestOf(arm);

function guestOf(variant: GuestVariant): Recipe {
  const { name, architecture, kernelPackage, libraryPackages } = variant;
  const packages = [kernelPackage, ...programPackages, ...libraryPackages];
  return {
    name,
    packages: [
      ...packages.map((each) => packageFor(architecture, each)),
      "busybox-static",
      ...diskPackages(architecture),
    ],
    latest: true,
    async build(kitchen) {
      const initramfs = await compress(packCpio((await systemTree(kitchen, variant)).entries()));
      const kernel = await kernelOf(kitchen, variant);
      const owner = { uid: 107, gid: 107, mode: 0o440 };
      const disk = await buildDisk(kitchen, { kernel, initramfs }, architecture);
      const tree = new FileTree().file("/disk/guest.qcow2", disk, owner);
      // For machines that boot without a disk (firmware.kernelBoot).
      tree.file("/boot/vmlinuz", kernel, owner).file("/boot/initrd", initramfs, owner);
      return { tree, config: { labels: { "dev.vmpod.guest": "console, ssh, http" } } };
    },
  };
}

/**
 * The firmware's disk driver is slower than the kernel's decompressor, and that of zstd is the fastest. It allocates the
 * window, in a small machine whose memory the archive fills: a mebibyte, not the eight that the level asks for.
 */
async function compress(archive: Buffer): Promise<Buffer> {
  const params = { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_windowLog]: 20 };
  return await promisify(zstdCompress)(archive, { params });
}

function rootOf(kitchen: Kitchen, { architecture }: GuestVariant, packageName: string): string {
  return kitchen.packageRoot(packageFor(architecture, packageName));
}

async function kernelOf(kitchen: Kitchen, variant: GuestVariant): Promise<Buffer> {
  const directory = `${rootOf(kitchen, variant, variant.kernelPackage)}/boot`;
  const name = (await readdir(directory)).find((each) => each.startsWith("vmlinuz"));
  if (name === undefined) throw new Error(`${directory} has no kernel`);
  return await kitchen.inputs.read(join(directory, name));
}

async function systemTree(kitchen: Kitchen, variant: GuestVariant): Promise<FileTree> {
  const tree = mergedUsr(new FileTree())
    .directory("/tmp", { mode: 0o1777 })
    .directory("/root", { mode: 0o700 })
    .directory("/home")
    .directory("/www")
    .directory("/etc/dropbear")
    .directory("/var/log")
    .symlink("/var/run", "../run");
  await addOwnPrograms(tree, kitchen, variant);
  await addApplets(tree, kitchen);
  await addModules(tree, kitchen.inputs, rootOf(kitchen, variant, variant.kernelPackage), variant.modules);
  await addFiles(tree, kitchen);
  return tree;
}

async function addOwnPrograms(tree: FileTree, kitchen: Kitchen, variant: GuestVariant): Promise<void> {
  const from = (packageName: string, hostPath: string, path: string): { hostPath: string; path: string } => ({
    hostPath: rootOf(kitchen, variant, packageName) + hostPath,
    path,
  });
  await addPrograms(
    tree,
    kitchen.inputs,
    [
      from("busybox-static", "/bin/busybox", "/usr/bin/busybox"),
      from("busybox", "/bin/busybox", "/usr/sbin/busybox-shared"),
      from("dropbear-bin", "/usr/sbin/dropbear", "/usr/sbin/dropbear"),
      from("dropbear-bin", "/usr/bin/dbclient", "/usr/bin/dbclient"),
      from("dropbear-bin", "/usr/bin/dropbearkey", "/usr/bin/dropbearkey"),
      // Where dropbear looks for it: `scp` speaks SFTP.
      from("openssh-sftp-server", "/usr/lib/openssh/sftp-server", "/usr/lib/sftp-server"),
      from("qemu-guest-agent", "/usr/sbin/qemu-ga", "/usr/sbin/qemu-ga"),
    ],
    libraryRoots(kitchen, variant),
    variant.architecture,
  );
}

/** The rest of this machine's own libraries is installed on it. */
function libraryRoots(kitchen: Kitchen, variant: GuestVariant): string[] {
  const roots = variant.libraryPackages.map((name) => rootOf(kitchen, variant, name));
  return variant.architecture === "amd64" ? [...roots, ""] : roots;
}

/**
 * To start the static busybox takes a fifth of the time of the dynamically linked one, and a boot starts hundreds of programs;
 * it only lacks `blkid`. This machine's own tells what the guest's can do: Debian configures it alike for every architecture.
 */
async function addApplets(tree: FileTree, kitchen: Kitchen): Promise<void> {
  const applets = await appletsOf(`${kitchen.packageRoot("busybox-static")}/bin/busybox`);
  for (const applet of applets) {
    tree.symlink(`/usr/bin/${applet}`, "busybox");
    tree.symlink(`/usr/sbin/${applet}`, "../bin/busybox");
  }
  tree.symlink("/usr/sbin/blkid", "busybox-shared");
  tree.symlink("/usr/bin/blkid", "../sbin/busybox-shared");
}

async function addFiles(tree: FileTree, kitchen: Kitchen): Promise<void> {
  const directory = join(import.meta.dirname, "files");
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((each) => each.isFile())) {
    const hostPath = join(entry.parentPath, entry.name);
    const content = await kitchen.inputs.read(hostPath);
    const mode = content.subarray(0, 2).toString() === "#!" ? 0o755 : 0o644;
    tree.file(hostPath.slice(directory.length), content, { mode: entry.name === "shadow" ? 0o600 : mode });
  }
}
