/**
 * Replaces all files of a volume at once, so that a reader never sees a mix of old and new:
 *
 *   volume/..2026_11_22_20_15_00.123/config.yaml   the files
 *   volume/..data -> ..2026_11_22_20_15_00.123     swapped by one rename
 *   volume/config.yaml -> ..data/config.yaml       stable names
 */
import { chmod, mkdir, readdir, readFile, readlink, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isErrno } from "../../base/files.ts";
import type { Payload } from "./payload.ts";

/** @returns whether anything changed */
export async function writeAtomically(dir: string, payload: Payload): Promise<boolean> {
  const current = await currentVersion(dir);
  if (current !== undefined && (await holds(join(dir, current), payload))) {
    return false;
  }
  const version = `..${new Date().toISOString().replaceAll(/[-:T]/g, "_").replace("Z", "")}_${process.hrtime.bigint() % 1_000_000n}`;
  await writeFiles(join(dir, version), payload);
  await pointTo(dir, version);
  await linkNames(dir, payload);
  if (current !== undefined) {
    await rm(join(dir, current), { recursive: true, force: true });
  }
  return true;
}

async function currentVersion(dir: string): Promise<string | undefined> {
  try {
    return await readlink(join(dir, "..data"));
  } catch (error) {
    if (isErrno(error, "ENOENT")) {
      return undefined;
    }
    throw error;
  }
}

async function holds(dir: string, payload: Payload): Promise<boolean> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  if (files.length !== payload.size) {
    return false;
  }
  for (const [path, { content }] of payload) {
    const known = await readFile(join(dir, path)).catch((error: unknown) => {
      if (isErrno(error, "ENOENT")) {
        return undefined;
      }
      throw error;
    });
    if (known === undefined || !known.equals(content)) {
      return false;
    }
  }
  return true;
}

async function writeFiles(dir: string, payload: Payload): Promise<void> {
  await mkdir(dir, { mode: 0o755 });
  for (const [path, { content, mode }] of payload) {
    const file = join(dir, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, content);
    await chmod(file, mode);
  }
}

async function pointTo(dir: string, version: string): Promise<void> {
  const next = join(dir, "..data_tmp");
  await rm(next, { force: true });
  await symlink(version, next);
  await rename(next, join(dir, "..data"));
}

/** The first component of each path is a link; links of files that are gone are removed. */
async function linkNames(dir: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split("/")[0] ?? path));
  const present = (await readdir(dir)).filter((name) => !name.startsWith(".."));
  for (const name of present.filter((candidate) => !wanted.has(candidate))) {
    await unlink(join(dir, name));
  }
  for (const name of [...wanted].filter((candidate) => !present.includes(candidate))) {
    await symlink(join("..data", name), join(dir, name));
  }
}
