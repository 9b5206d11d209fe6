/** A path of the node itself, checked or made as its `type` says. */
import { mkdir, open, stat } from "node:fs/promises";
import type { Stats } from "node:fs";
import { dirname } from "node:path";
import type { HostPathVolumeSource } from "../../../api/core.ts";
import { TerminalError } from "../../base/errors.ts";
import { isErrno } from "../../base/files.ts";
import type { MountedVolume } from "../pods/memory.ts";

const checks: Record<string, (status: Stats) => boolean> = {
  Directory: (status) => status.isDirectory(),
  DirectoryOrCreate: (status) => status.isDirectory(),
  File: (status) => status.isFile(),
  FileOrCreate: (status) => status.isFile(),
  Socket: (status) => status.isSocket(),
  CharDevice: (status) => status.isCharacterDevice(),
  BlockDevice: (status) => status.isBlockDevice(),
};

export async function hostPath({ path, type = "" }: HostPathVolumeSource): Promise<MountedVolume> {
  const status = (await statIfThere(path)) ?? (await make(path, type));
  const check = checks[type];
  if (check !== undefined && status !== undefined && !check(status)) {
    throw new TerminalError(
      "FailedMount",
      `hostPath type check failed: ${path} is not a ${type.replace("OrCreate", "")}`,
    );
  }
  return { hostPath: path, readOnly: false };
}

async function make(path: string, type: string): Promise<Stats | undefined> {
  switch (type) {
    case "DirectoryOrCreate":
    case "": // the runtime would make the directory as well
      await mkdir(path, { recursive: true, mode: 0o755 });
      break;
    case "FileOrCreate":
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await (await open(path, "a", 0o644)).close();
      break;
    default:
      throw new TerminalError("FailedMount", `hostPath type check failed: ${path} does not exist (type ${type})`);
  }
  return await statIfThere(path);
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (isErrno(error, "ENOENT")) {
      return undefined;
    }
    throw error;
  }
}
