/**
 * The containerDisk of the small guest: Debian's cloud kernel and an initramfs that is the whole system (busybox, dropbear,
 * guest agent, a cloud-init in shell and awk). It boots in seconds without hardware virtualization, and keeps nothing.
 *
 *   guest.qcow2: boot sectors | FAT: kernel, initramfs, GRUB for EFI
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { FileTree } from "../../src/storage/oci/file-tree.ts";
import { appletsOf } from "../busybox/recipe.ts";
import { addPrograms } from "../elf/closure.ts";
import type { Kitchen, Recipe } from "../recipe.ts";
import { mergedUsr } from "../root.ts";
import { packCpio } from "./cpio.ts";
import { buildDisk } from "./disk.ts";
import { addModules } from "./modules.ts";

const kernelPackage = "linux-image-cloud-amd64";
const programPackages = ["busybox", "busybox-static", "dropbear-bin", "openssh-sftp-server", "qemu-guest-agent"];
const libraryPackages = ["libtomcrypt1", "libtommath1", "libglib2.0-0", "libnuma1", "liburing2", "libudev1"];
const toolPackages = ["grub-common", "grub-pc-bin", "grub-efi-amd64-bin", "libdevmapper1.02.1", "mtools"];

export const guest: Recipe = {
  name: "guest",
  packages: [kernelPackage, ...programPackages, ...libraryPackages, ...toolPackages],
  latest: true,
  async build(kitchen) {
    // The firmware's disk driver is slower than the kernel's decompressor.
    const initramfs = await promisify(gzip)(packCpio((await systemTree(kitchen)).entries()), { level: 9 });
    const disk = await buildDisk(kitchen, { kernel: await kernel(kitchen), initramfs });
    const tree = new FileTree().file("/disk/guest.qcow2", disk, { uid: 107, gid: 107, mode: 0o440 });
    return { tree, config: { labels: { "dev.vmpod.guest": "console, ssh, http" } } };
  },
};

async function kernel(kitchen: Kitchen): Promise<Buffer> {
  const directory = `${kitchen.packageRoot(kernelPackage)}/boot`;
  const name = (await readdir(directory)).find((each) => each.startsWith("vmlinuz"));
  if (name === undefined) throw new Error(`${directory} has no kernel`);
  return await kitchen.inputs.read(join(directory, name));
}

async function systemTree(kitchen: Kitchen): Promise<FileTree> {
  const tree = mergedUsr(new FileTree())
    .directory("/tmp", { mode: 0o1777 })
    .directory("/root", { mode: 0o700 })
    .directory("/home")
    .directory("/www")
    .directory("/etc/dropbear")
    .directory("/var/log")
    .symlink("/var/run", "../run");
  await addOwnPrograms(tree, kitchen);
  await addApplets(tree, kitchen);
  await addModules(tree, kitchen.inputs, kitchen.packageRoot(kernelPackage));
  await addFiles(tree, kitchen);
  return tree;
}

async function addOwnPrograms(tree: FileTree, kitchen: Kitchen): Promise<void> {
  const from = (packageName: string, hostPath: string, path: string): { hostPath: string; path: string } => ({
    hostPath: kitchen.packageRoot(packageName) + hostPath,
    path,
  });
  await addPrograms(
    tree,
    kitchen.inputs,
    [
      from("busybox", "/bin/busybox", "/usr/bin/busybox"),
      from("busybox-static", "/bin/busybox", "/usr/sbin/busybox-static"),
      from("dropbear-bin", "/usr/sbin/dropbear", "/usr/sbin/dropbear"),
      from("dropbear-bin", "/usr/bin/dbclient", "/usr/bin/dbclient"),
      from("dropbear-bin", "/usr/bin/dropbearkey", "/usr/bin/dropbearkey"),
      // Where dropbear looks for it: `scp` speaks SFTP.
      from("openssh-sftp-server", "/usr/lib/openssh/sftp-server", "/usr/lib/sftp-server"),
      from("qemu-guest-agent", "/usr/sbin/qemu-ga", "/usr/sbin/qemu-ga"),
    ],
    [...libraryPackages.map((name) => kitchen.packageRoot(name)), ""],
  );
}

/** The dynamic busybox resolves names; the static one has what a container does not need: init and login. */
async function addApplets(tree: FileTree, kitchen: Kitchen): Promise<void> {
  const applets = await appletsOf(`${kitchen.packageRoot("busybox")}/bin/busybox`);
  for (const applet of applets) {
    tree.symlink(`/usr/bin/${applet}`, "busybox");
    tree.symlink(`/usr/sbin/${applet}`, "../bin/busybox");
  }
  for (const applet of ["init", "login", "passwd", "su"]) {
    tree.symlink(`/usr/sbin/${applet}`, "busybox-static");
    tree.symlink(`/usr/bin/${applet}`, "../sbin/busybox-static");
  }
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
