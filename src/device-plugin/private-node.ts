/**
 * A device node of our own for a device of the host. A container's node gets the owner and mode of the one that it is made after, and
 * /dev/kvm usually belongs to a group that no container is in. Instead of opening the host's node to everybody, containers
 * are given one that belongs to their user.
 */
import { chmod, chown, mkdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { exec } from "../base/exec.ts";
import { unlessMissing } from "../base/files.ts";

export interface PrivateNode {
  /** The host's node, e.g. /dev/kvm. */
  source: string;
  directory: string;
  /** Number of the user and group that may use it. */
  owner: number;
}

const mode = 0o660;

/** @returns its path. Idempotent; replaces one whose device has got another number. */
export async function ensurePrivateNode({ source, directory, owner }: PrivateNode): Promise<string> {
  const path = join(directory, basename(source));
  const { rdev } = await stat(source);
  const existing = await unlessMissing(stat(path));
  if (
    existing?.isCharacterDevice() &&
    existing.rdev === rdev &&
    existing.uid === owner &&
    (existing.mode & 0o777) === mode
  )
    return path;
  const draft = `${path}.new`;
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await rm(draft, { force: true });
  const { major, minor } = deviceNumbers(rdev);
  await exec(["mknod", draft, "c", String(major), String(minor)]);
  await chown(draft, owner, owner);
  await chmod(draft, mode);
  await rename(draft, path);
  return path;
}

/** Linux' `dev_t` taken apart: its bits are MMMM MmmM MMmm. */
export function deviceNumbers(rdev: number): { major: number; minor: number } {
  const bits = BigInt(rdev);
  return {
    major: Number(((bits >> 8n) & 0xfffn) | ((bits >> 32n) & ~0xfffn)),
    minor: Number((bits & 0xffn) | ((bits >> 12n) & ~0xffn)),
  };
}
