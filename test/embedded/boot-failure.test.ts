/** Machines that cannot come up: the status, an event and one sentence of `vmpod explain` say why and what to do. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { FileTree } from "../../src/storage/oci/file-tree.ts";
import { assembleImage, writeImageTar } from "../../src/storage/oci/image.ts";
import { packLayer } from "../../src/storage/oci/layer.ts";
import { eventually, run, succeed } from "./instance.ts";
import { machine, smallestMemory } from "./machines.ts";
import { useInstance } from "./use-instance.ts";

const instance = useInstance("vmtboot", 15);
const { kubectl, apply, fieldOf } = instance;
const brokenImage = "localhost/test/broken:1";

before(async () => {
  await importBrokenDisk();
  apply(
    machine({ name: "unbootable", image: brokenImage, memory: smallestMemory }),
    machine({ name: "imageless", image: "127.0.0.1:1/nobody/nothing:1" }),
    machine({ name: "greedy", memory: "900Gi" }),
    machine({
      name: "secretless",
      memory: smallestMemory,
      volumes: [{ name: "keys", secret: { secretName: "absent" } }],
    }),
  );
});

test("a disk without a boot loader", async () => {
  const path = '.status.conditions[?(@.type=="GuestBootFailed")].reason';
  await becomes("vmi/unbootable", path, /^NoBootableDevice$/);
  await eventually("an event tells", 60_000, () => matching(events("unbootable"), /boot/i));
  await explained("unbootable", /did not boot .*boot loader.*: use a disk image with a boot loader/);
});

test("an image that no registry has", async () => {
  await becomes("vm/imageless", ".status.printableStatus", /^(ErrImagePull|ImagePullBackOff)$/);
  await explained(
    "imageless",
    /image that cannot be pulled .*127\.0\.0\.1:1\/nobody\/nothing:1.*: check the image's name/,
  );
});

test("more memory than there is", async () => {
  await becomes("vm/greedy", ".status.printableStatus", /^ErrorUnschedulable$/);
  await explained("greedy", /asks for \d+Mi of memory but node \S+ has only \d+Mi free: .*lower spec\.domain\.memory/);
});

test("a secret that does not exist, until it does", async () => {
  await explained("secretless", /absent/);
  kubectl("create", "secret", "generic", "absent", "--from-literal=key=value");
  await becomes("vmi/secretless", ".status.phase", /^Running$/);
});

/** A qcow2 image of zeros: sound, but without a boot sector. */
async function importBrokenDisk(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "vmpod-broken-"));
  try {
    const disk = join(directory, "disk.qcow2");
    succeed(run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "16M"]), "qemu-img");
    const tree = new FileTree().file("/disk/disk.qcow2", readFileSync(disk), { uid: 107, gid: 107, mode: 0o440 });
    const image = assembleImage([await packLayer(tree.entries())], {});
    const tar = join(directory, "image.tar");
    await writeImageTar(tar, image, [brokenImage]);
    const address = join(instance.runDir, "containerd/containerd.sock");
    succeed(run(["ctr", "--address", address, "--namespace", "k8s.io", "images", "import", tar]), "ctr import");
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function becomes(object: string, path: string, wanted: RegExp): Promise<string> {
  return eventually(
    `${object} ${path} matches ${wanted}`,
    60_000,
    () => matching(fieldOf(object, path), wanted),
    () => kubectl("get", object, "-o", "yaml"),
  );
}

/** One line that begins with the machine's name and matches. */
async function explained(name: string, wanted: RegExp): Promise<void> {
  const explain = () => instance.vmpod("explain", `vm/${name}`).stdout;
  const text = await eventually(
    `explain vm/${name} matches ${wanted}`,
    60_000,
    () => matching(explain(), wanted),
    explain,
  );
  assert.match(text, new RegExp(`^${name} .*\\.\\n$`), "one sentence");
}

function matching(text: string, wanted: RegExp): string | undefined {
  return wanted.test(text) ? text : undefined;
}

function events(name: string): string {
  return kubectl("get", "events", "--field-selector", `involvedObject.name=${name}`, "-o", "wide");
}
