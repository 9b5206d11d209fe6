/**
 * The image a virtual machine's pod runs: QEMU, what it loads, and a shell just big enough for the preStop hook and the probes.
 * QEMU is the host's, so that `qemu-img` on the host and QEMU in the pod are of one version. The one for guests of arm64 is of a package
 * that nobody has to install: it shares the host's libraries and modules, which takes the same version (Debian builds both at once).
 */
import { join } from "node:path";
import { FileTree } from "../../src/storage/oci/file-tree.ts";
import { addPrograms, type Program } from "../elf/closure.ts";
import type { Inputs } from "../inputs.ts";
import type { Kitchen, Recipe } from "../recipe.ts";
import { addCopier } from "./copier.ts";
import { addLaterProgram, packagesOf } from "./later.ts";
import { passt } from "./passt.ts";
import { qemuLayer } from "./qemu.ts";
import { addTimeZones } from "./time-zones.ts";
import { virtiofsd } from "./virtiofsd.ts";

const firmware: [packageName: string, path: string][] = [
  ["ovmf", "ovmf/OVMF.fd"],
  ...["CODE_4M.ms", "VARS_4M.ms", "CODE_4M", "VARS_4M"].map((name): [string, string] => [
    "ovmf",
    `OVMF/OVMF_${name}.fd`,
  ]),
  ["qemu-efi-aarch64", "qemu-efi-aarch64/QEMU_EFI.fd"],
];

/** What the scripts call that the shell has not built in. */
const applets = [
  "sh",
  "base64",
  "cp",
  "date",
  "dd",
  "mkdir",
  "mkfifo",
  "mktemp",
  "mv",
  "rm",
  "sleep",
  "stat",
  "truncate",
];

/** A TPM in software, and what it loads. */
const tpmPackages = ["swtpm", "swtpm-libs", "libtpms0", "libssl3"];

const laterPrograms = [virtiofsd, passt];

export const launcher: Recipe = {
  name: "launcher",
  packages: [
    "busybox",
    "netcat-openbsd",
    "ovmf",
    "tzdata",
    "qemu-system-arm",
    "qemu-efi-aarch64",
    ...tpmPackages,
    ...laterPrograms.flatMap(packagesOf),
  ],
  async build(kitchen) {
    const below = await qemuLayer(kitchen.inputs);
    const tree = new FileTree(below)
      .file("/etc/passwd", "root:x:0:0:root:/:/bin/sh\nqemu:x:107:107:qemu:/:/bin/false\n")
      .file("/etc/group", "root:x:0:\nqemu:x:107:\n")
      .directory("/tmp", { mode: 0o1777 })
      .directory("/run/vmpod", { uid: 107, gid: 107 })
      .directory("/var/run/vmpod");
    const roots = [...["netcat-openbsd", ...tpmPackages].map((name) => kitchen.packageRoot(name)), ""];
    await addPrograms(tree, kitchen.inputs, programsOf(kitchen), roots);
    for (const applet of applets) tree.symlink(`/usr/bin/${applet}`, "busybox");
    for (const [packageName, name] of firmware) {
      const path = `/usr/share/${name}`;
      tree.file(path, await kitchen.inputs.read(kitchen.packageRoot(packageName) + path));
    }
    for (const script of [
      "stop-guest",
      "probe-guest",
      "with-efi-variables",
      "with-tpm",
      "share-directory",
      "dump-memory",
      "serve-disk",
    ])
      await addScript(tree, kitchen.inputs, script);
    await addCopier(tree, kitchen);
    await addTimeZones(tree, kitchen);
    for (const program of laterPrograms) await addLaterProgram(tree, kitchen, program);
    return { tree, below, config: { entrypoint: ["qemu-system-x86_64"], user: "107:107" } };
  },
};

function programsOf(kitchen: Kitchen): Program[] {
  const arm = "/usr/bin/qemu-system-aarch64";
  return [
    { hostPath: kitchen.packageRoot("qemu-system-arm") + arm, path: arm },
    { hostPath: "/usr/bin/qemu-nbd", path: "/usr/bin/qemu-nbd" },
    { hostPath: `${kitchen.packageRoot("busybox")}/bin/busybox`, path: "/usr/bin/busybox" },
    { hostPath: `${kitchen.packageRoot("netcat-openbsd")}/bin/nc.openbsd`, path: "/usr/bin/nc" },
    { hostPath: `${kitchen.packageRoot("swtpm")}/usr/bin/swtpm`, path: "/usr/bin/swtpm" },
  ];
}

async function addScript(tree: FileTree, inputs: Inputs, name: string): Promise<void> {
  const content = await inputs.read(join(import.meta.dirname, `${name}.sh`));
  tree.executable(`/usr/libexec/vmpod/${name}`, content);
}
