import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { extract } from "tar-stream";
import { FileTree } from "./file-tree.ts";
import { assembleImage, contentTag, writeImageTar } from "./image.ts";
import { digestOf, packLayer } from "./layer.ts";
import { readImageTar } from "./read-image-tar.ts";

const tree = (): FileTree =>
  new FileTree()
    .file("/etc/a", "one", { uid: 107, mode: 0o440 })
    .symlink("/bin", "usr/bin")
    .directory("/tmp", { mode: 0o1777 });

async function readTar(bytes: Buffer): Promise<Map<string, { type: string; mode: number; uid: number; body: Buffer }>> {
  const entries = new Map();
  const reader = extract();
  reader.end(bytes);
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, type, mode, uid } = entry.header;
    entries.set(name.replace(/\/$/, ""), { type, mode, uid, body: Buffer.concat(chunks) });
  }
  return entries;
}

test("a layer holds files with their owners and modes, parents first", async () => {
  const layer = await packLayer(tree().entries());
  const tar = gunzipSync(layer.blob);
  assert.equal(layer.diffId, digestOf(tar));
  const entries = await readTar(tar);
  assert.deepEqual([...entries.keys()], ["bin", "etc", "etc/a", "tmp"]);
  assert.equal(entries.get("etc/a")?.uid, 107);
  assert.equal(entries.get("etc/a")?.mode, 0o440);
  assert.equal(entries.get("bin")?.type, "symlink");
});

test("the same files in another order are the same image; another mode is another", async () => {
  const tagOf = async (files: FileTree): Promise<string> =>
    contentTag(assembleImage([await packLayer(files.entries())], {}));
  const reordered = new FileTree()
    .directory("/tmp", { mode: 0o1777 })
    .symlink("/bin", "usr/bin")
    .file("/etc/a", "one", { uid: 107, mode: 0o440 });
  assert.equal(await tagOf(tree()), await tagOf(reordered));
  assert.notEqual(await tagOf(tree()), await tagOf(tree().file("/etc/a", "one")));
});

test("a layout tar names every blob by its digest and the image by its references", async () => {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-oci-"));
  try {
    const image = assembleImage([await packLayer(tree().entries())], {
      entrypoint: ["/a"],
      user: "107:107",
      environment: { A: "b" },
    });
    const tarPath = join(directory, "image.tar");
    await writeImageTar(tarPath, image, ["localhost/x:1", "localhost/x:latest"]);
    const entries = await readTar(await readFile(tarPath));
    const index = JSON.parse(String(entries.get("index.json")?.body)) as {
      manifests: { annotations: Record<string, string> }[];
    };
    assert.deepEqual(
      index.manifests.map((each) => each.annotations["io.containerd.image.name"]),
      ["localhost/x:1", "localhost/x:latest"],
    );
    for (const [name, entry] of entries) {
      if (name.startsWith("blobs/sha256/") && entry.type === "file")
        assert.equal(digestOf(entry.body), `sha256:${name.slice(13)}`);
    }
    assert.deepEqual(await readImageTar(tarPath), image);
    const config = JSON.parse(String(image.config)) as {
      config: { User: string; Entrypoint: string[]; Env: string[] };
    };
    assert.equal(config.config.User, "107:107");
    assert.ok(config.config.Env.includes("A=b"));
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a layer leaves out what the one below has, directories too", () => {
  const below = new FileTree().file("/usr/bin/a", "");
  const upper = new FileTree(below).file("/usr/bin/b", "").file("/etc/c", "");
  assert.ok(upper.has("/usr/bin/a"));
  assert.deepEqual(
    upper.entries().map(({ path }) => path),
    ["/etc", "/etc/c", "/usr/bin/b"],
  );
});

test("a damaged blob is found when a tar is read", async () => {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-oci-"));
  try {
    const tarPath = join(directory, "image.tar");
    await writeImageTar(tarPath, assembleImage([await packLayer(tree().entries())], {}), ["localhost/x:1"]);
    const bytes = await readFile(tarPath);
    bytes.write("9970", bytes.indexOf("1970-01-01"));
    await writeFile(tarPath, bytes);
    await assert.rejects(readImageTar(tarPath), /is missing or damaged: remove the file/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a relative path is refused", () => {
  assert.throws(() => new FileTree().file("a", ""), /must be absolute: a/);
});
