/**
 * The files of an image layer, in memory, in the order a tar wants them: every directory before what is in it.
 * Paths are absolute in the image. Owner and mode are stated, never taken from the host, so that the same
 * inputs give the same bytes on every machine.
 */
import { readFile } from "node:fs/promises";
import { dirname, posix } from "node:path";

export interface Ownership {
  mode?: number;
  uid?: number;
  gid?: number;
}

export type TreeEntry = { path: string; mode: number; uid: number; gid: number } & (
  | { type: "directory" }
  | { type: "file"; content: Uint8Array }
  | { type: "symlink"; target: string }
);

export class FileTree {
  readonly #entries = new Map<string, TreeEntry>();
  readonly #below: FileTree | undefined;

  /** @param below the layer under this one: what it has need not be here too. */
  constructor(below?: FileTree) {
    this.#below = below;
  }

  directory(path: string, owner: Ownership = {}): this {
    return this.#add({ type: "directory", path, ...complete(owner, 0o755) });
  }

  file(path: string, content: string | Uint8Array, owner: Ownership = {}): this {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    return this.#add({ type: "file", path, content: bytes, ...complete(owner, 0o644) });
  }

  executable(path: string, content: string | Uint8Array): this {
    return this.file(path, content, { mode: 0o755 });
  }

  symlink(path: string, target: string): this {
    return this.#add({ type: "symlink", path, target, ...complete({}, 0o777) });
  }

  /** A file of the host, with the mode given. */
  async copy(hostPath: string, path: string, owner: Ownership = {}): Promise<this> {
    return this.file(path, await readFile(hostPath), owner);
  }

  /** Here or below. */
  has(path: string): boolean {
    return this.#entries.has(normal(path)) || this.#below?.has(path) === true;
  }

  /** Sorted by path: parents come before children, and the order does not depend on how the tree was made. */
  entries(): TreeEntry[] {
    return [...this.#entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  #add(entry: TreeEntry): this {
    const path = normal(entry.path);
    this.#addParents(path);
    this.#entries.set(path, { ...entry, path });
    return this;
  }

  #addParents(path: string): void {
    const parent = dirname(path);
    if (parent === "/" || this.has(parent)) return;
    this.#addParents(parent);
    this.#entries.set(parent, { type: "directory", path: parent, ...complete({}, 0o755) });
  }
}

function complete(owner: Ownership, mode: number): Required<Ownership> {
  return { mode: owner.mode ?? mode, uid: owner.uid ?? 0, gid: owner.gid ?? 0 };
}

function normal(path: string): string {
  if (!path.startsWith("/")) throw new RangeError(`a path in an image must be absolute: ${path}`);
  return posix.normalize(path).replace(/(.)\/$/, "$1");
}
