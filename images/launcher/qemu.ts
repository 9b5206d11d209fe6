/**
 * QEMU and what it loads: a layer of its own, because two images have it. A launcher runs guests with it; the node agent
 * asks it what this machine's processor can do. A node that has pulled one image has most of the other.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FileTree } from "../../src/storage/oci/file-tree.ts";
import { addPrograms } from "../elf/closure.ts";
import type { Inputs } from "../inputs.ts";
import { mergedUsr } from "../root.ts";

const modules = "/usr/lib/x86_64-linux-gnu/qemu";

/** Loaded by name while QEMU runs. TCG itself is such a module in Debian. */
const moduleNames = [
  "accel-tcg-x86_64",
  "hw-usb-redirect",
  "hw-display-virtio-gpu",
  "hw-display-virtio-gpu-pci",
  "hw-display-virtio-vga",
];

/** Where Debian's QEMU looks for firmware, and what of it an x86 machine can use. */
const firmware: [directory: string, pattern: RegExp][] = [
  ["/usr/share/qemu", /^(kvmvapic|linuxboot(_dma)?|multiboot(_dma)?|pvh)\.bin$/],
  ["/usr/share/qemu/keymaps", /./],
  ["/usr/share/seabios", /^(bios-256k|bios|vgabios.*)\.bin$/],
  ["/usr/lib/ipxe/qemu", /^efi-(virtio|e1000|e1000e|rtl8139|ne2k_pci|pcnet)\.rom$/],
];

const programs = [
  "/usr/bin/qemu-system-x86_64",
  "/usr/bin/qemu-img",
  ...moduleNames.map((each) => `${modules}/${each}.so`),
];

/** The host's QEMU. */
export async function qemuLayer(inputs: Inputs): Promise<FileTree> {
  const tree = mergedUsr(new FileTree());
  const onHost = programs.map((path) => ({ hostPath: path, path }));
  await addPrograms(tree, inputs, onHost, [""]);
  for (const [directory, pattern] of firmware) {
    const entries = await readdir(directory, { withFileTypes: true });
    for (const { name } of entries.filter((entry) => !entry.isDirectory() && pattern.test(entry.name))) {
      tree.file(join(directory, name), await inputs.read(join(directory, name)));
    }
  }
  return tree;
}
