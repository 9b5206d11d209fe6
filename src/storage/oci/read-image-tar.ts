/** Reads back what `writeImageTar` wrote. */
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract } from "tar-stream";
import { InvariantError } from "../../base/errors.ts";
import type { Image } from "./image.ts";
import { digestOf } from "./layer.ts";

interface Descriptor {
  mediaType: string;
  digest: string;
}

export async function readImageTar(tarPath: string): Promise<Image> {
  const files = await readFiles(tarPath);
  const blobOf = (digest: string): Buffer => {
    const blob = files.get(`blobs/${digest.replace(":", "/")}`);
    if (blob === undefined || digestOf(blob) !== digest)
      throw new InvariantError(
        `${tarPath}: the blob ${digest} is missing or damaged: remove the file to build it anew`,
      );
    return blob;
  };
  const index = parse(files.get("index.json")) as { manifests: Descriptor[] };
  const manifest = blobOf(index.manifests[0]?.digest ?? "");
  const { config, layers } = parse(manifest) as { config: Descriptor; layers: Descriptor[] };
  const { rootfs } = parse(blobOf(config.digest)) as { rootfs: { diff_ids: string[] } };
  return {
    manifest,
    config: blobOf(config.digest),
    layers: layers.map(({ mediaType, digest }, index) => ({
      mediaType,
      digest,
      blob: blobOf(digest),
      diffId: rootfs.diff_ids[index] ?? "",
    })),
  };
}

async function readFiles(tarPath: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for await (const entry of Readable.from([await readFile(tarPath)]).pipe(extract())) {
    files.set(entry.header.name, await buffer(entry));
  }
  return files;
}

function parse(bytes: Buffer | undefined): unknown {
  return JSON.parse(bytes?.toString("utf8") ?? "");
}
