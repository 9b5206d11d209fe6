/**
 * A small container image with a shell, httpd, wget, nslookup and nc: Debian's static busybox, which needs no library,
 * also not to resolve names.
 */
import { exec } from "../../src/base/exec.ts";
import { FileTree } from "../../src/storage/oci/file-tree.ts";
import type { Recipe } from "../recipe.ts";
import { mergedUsr } from "../root.ts";

export const busybox: Recipe = {
  name: "busybox",
  packages: ["busybox-static"],
  latest: true,
  async build(kitchen) {
    const tree = mergedUsr(new FileTree())
      .directory("/tmp", { mode: 0o1777 })
      .directory("/root", { mode: 0o700 })
      .directory("/www")
      .file("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
      .file("/etc/group", "root:x:0:\nnogroup:x:65534:\n")
      .file("/etc/nsswitch.conf", "hosts: files dns\n");
    const program = `${kitchen.packageRoot("busybox-static")}/bin/busybox`;
    tree.file("/usr/bin/busybox", await kitchen.inputs.read(program), { mode: 0o755 });
    for (const applet of await appletsOf(program)) tree.symlink(`/usr/bin/${applet}`, "busybox");
    return { tree, config: { command: ["sh"] } };
  },
};

/** Its list names `busybox` too: a link over the program would leave nothing. */
export async function appletsOf(program: string): Promise<string[]> {
  return (await exec([program, "--list"])).split("\n").filter((name) => name !== "" && name !== "busybox");
}
