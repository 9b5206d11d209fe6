/** `subPath`: a directory or file inside a volume, which the volume's content must not lead out of. */
import { lstat, mkdir, realpath } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";
import { TerminalError } from "../../base/errors.ts";
import { isErrno } from "../../base/files.ts";

/** @returns the real path; a missing one is made as a directory. @throws TerminalError */
export async function resolveSubPath(volumeDir: string, subPath: string): Promise<string> {
  if (isAbsolute(subPath) || subPath.split("/").includes("..")) {
    throw refused(subPath, "it must be a relative path without ..");
  }
  const root = await realpath(volumeDir);
  const path = join(root, subPath);
  await makeMissing(root, path, subPath);
  return await inside(root, path, subPath);
}

async function inside(root: string, path: string, subPath: string): Promise<string> {
  const real = await realpath(path);
  if (real !== root && !real.startsWith(`${root}${sep}`)) {
    throw refused(subPath, "it leads out of the volume");
  }
  return real;
}

/** Makes one directory after the other, each below a parent that was checked. */
async function makeMissing(root: string, path: string, subPath: string): Promise<void> {
  let parent = root;
  for (const name of path.slice(root.length).split(sep).filter(Boolean)) {
    const next = join(parent, name);
    if (!(await exists(next))) {
      await mkdir(next, { mode: 0o755 });
    }
    parent = await inside(root, next, subPath);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) {
      return false;
    }
    throw error;
  }
}

function refused(subPath: string, why: string): TerminalError {
  return new TerminalError("CreateContainerConfigError", `cannot use subPath ${JSON.stringify(subPath)}: ${why}`);
}
