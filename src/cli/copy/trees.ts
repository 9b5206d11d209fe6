/**
 * Directories to and from a guest: packed by `tar` at one end, copied as one file with everything that guards a file, unpacked at the other.
 * What a guest packed is unpacked beside the target first, and only files, directories and links of it: a guest is not to be trusted.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { exec } from "../../base/exec.ts";
import { outputInGuest } from "../guest-command.ts";
import { fetchFile, isDirectory, nameOf, storeFile, type Transfer } from "./transfer.ts";

/** ARCHIVE TARGET NAME */
const unpackThere = `
target=$2
[ -d "$target" ] && target=\${target%/}/$3
mkdir -p "$target" && tar -xf "$1" -C "$target"
code=$?
rm -f "$1"
exit $code`;

/** ARCHIVE SOURCE */
const packThere = `
[ -d "$2" ] || { echo "$2: no such directory" >&2; exit 1; }
umask 077
tar -cf "$1" -C "$2" . || { rm -f "$1"; exit 1; }`;

export async function storeTree(transfer: Transfer, from: string, to: string): Promise<void> {
  if (!(await isDirectory(from))) return storeFile(transfer, from, to);
  await withArchive(async ({ here, there }) => {
    await exec(["tar", "-cf", here, "-C", from, "."]);
    await storeFile(transfer, here, there);
    await inShell(transfer, unpackThere, there, to, basename(resolve(from)));
  });
}

export async function fetchTree(transfer: Transfer, from: string, to: string): Promise<void> {
  const target = (await isDirectory(to)) ? join(to, nameOf(from)) : to;
  if ((await stat(target).catch(() => undefined)) !== undefined) throw new Error(`${target} exists already`);
  await withArchive(async ({ here, there }) => {
    await inShell(transfer, packThere, there, from);
    try {
      await fetchFile(transfer, there, here);
    } finally {
      await inShell(transfer, `rm -f "$1"`, there);
    }
    await unpackHere(here, target);
  });
}

async function unpackHere(archive: string, target: string): Promise<void> {
  refuseSpecialFiles(await exec(["tar", "-tvf", archive]));
  const fresh = await mkdtemp(join(dirname(target), ".vmpod-cp."));
  try {
    await exec(["tar", "-xf", archive, "-C", fresh, "--no-same-owner", "--no-same-permissions"]);
    await rename(fresh, target);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Of `tar -tv`: the first letter of a line is the file's kind. Pure. @throws Error */
export function refuseSpecialFiles(listing: string): void {
  const special = listing.split("\n").find((line) => /^[bcps]/.test(line));
  if (special !== undefined)
    throw new Error(`the guest's directory holds what is neither file, directory nor link: ${special}`);
}

async function inShell({ connection, machine }: Transfer, script: string, ...args: string[]): Promise<void> {
  await outputInGuest(connection, machine, ["/bin/sh", "-c", script, "sh", ...args]);
}

/** The name there cannot be guessed: others may write to the guest's /tmp. */
async function withArchive(work: (archive: { here: string; there: string }) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "vmpod-cp-"));
  try {
    await work({ here: join(directory, "archive"), there: `/tmp/.vmpod-cp.${randomBytes(16).toString("hex")}` });
  } finally {
    await rm(directory, { recursive: true });
  }
}
