/** Packs files into an OCI layer: a tar, gzip-compressed, byte for byte the same for the same files. */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { type Header, type Pack, pack } from "tar-stream";
import type { TreeEntry } from "./file-tree.ts";

export interface Layer {
  mediaType: string;
  /** The bytes as stored. */
  blob: Buffer;
  digest: string;
  /** Digest of the uncompressed tar: what an image's configuration lists. */
  diffId: string;
}

const epoch = new Date(0);

export async function packLayer(entries: readonly TreeEntry[]): Promise<Layer> {
  const tar = await packTar(entries);
  // Level 1: layers are imported into the local containerd far more often than they travel.
  const blob = await promisify(gzip)(tar, { level: 1 });
  return {
    mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
    blob,
    digest: digestOf(blob),
    diffId: digestOf(tar),
  };
}

export async function packTar(entries: readonly TreeEntry[]): Promise<Buffer> {
  const packer = pack();
  const written = writeEntries(packer, entries);
  const chunks: Buffer[] = [];
  for await (const chunk of packer) chunks.push(chunk as Buffer);
  await written;
  return Buffer.concat(chunks);
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

async function writeEntries(packer: Pack, entries: readonly TreeEntry[]): Promise<void> {
  for (const entry of entries) await writeEntry(packer, entry);
  packer.finalize();
}

function writeEntry(packer: Pack, entry: TreeEntry): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null): void => (error ? reject(error) : resolve());
    if (entry.type === "file") packer.entry(headersOf(entry), Buffer.from(entry.content), done);
    else packer.entry(headersOf(entry), done);
  });
}

function headersOf(entry: TreeEntry): Partial<Header> & { name: string } {
  return {
    name: entry.path.slice(1),
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    mtime: epoch,
    type: entry.type,
    ...(entry.type === "symlink" && { linkname: entry.target }),
  };
}
