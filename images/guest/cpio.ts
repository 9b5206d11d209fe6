/** Writes an initramfs: a cpio archive of the "new ASCII" format (Documentation/driver-api/early-userspace/buffer-format.rst). */
import type { TreeEntry } from "../../src/storage/oci/file-tree.ts";

const typeBits = { directory: 0o040000, file: 0o100000, symlink: 0o120000 } as const;

export function packCpio(entries: readonly TreeEntry[]): Buffer {
  const members = entries.map((entry, index) =>
    member(entry.path.slice(1), contentOf(entry), [
      index + 1, // inode
      typeBits[entry.type] | entry.mode,
      entry.uid,
      entry.gid,
      1, // links
    ]),
  );
  return Buffer.concat([...members, member("TRAILER!!!", Buffer.alloc(0), [0, 0, 0, 0, 1])]);
}

function contentOf(entry: TreeEntry): Uint8Array {
  if (entry.type === "file") return entry.content;
  return Buffer.from(entry.type === "symlink" ? entry.target : "");
}

/** Header and name together, and the content, are each padded to four bytes. */
function member(name: string, content: Uint8Array, leading: number[]): Buffer {
  const nameBytes = Buffer.from(`${name}\0`);
  const fields = [...leading, 0, content.length, 0, 0, 0, 0, nameBytes.length, 0];
  const header = Buffer.from(`070701${fields.map((each) => each.toString(16).padStart(8, "0")).join("")}`);
  return Buffer.concat([padded(Buffer.concat([header, nameBytes])), padded(content)]);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
