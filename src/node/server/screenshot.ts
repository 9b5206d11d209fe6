/** The guest's screen as PNG. QEMU writes it in its own container; we read and remove it from outside. */
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { StatusError } from "../../base/errors.ts";
import { launcherPaths } from "../../qemu/domain/paths.ts";
import { hostPathOf } from "../process/container-files.ts";
import type { Target } from "./target.ts";

/** A 4K screen without any compression is 32 MiB. */
const largestPictureBytes = 64 * 1024 * 1024;

export async function takeScreenshot(target: Target): Promise<Buffer> {
  if (target.vmi.spec.domain.devices.autoattachGraphicsDevice === false) {
    throw new StatusError("BadRequest", "No graphics devices are present.");
  }
  const path = `${launcherPaths.run}/screen-${randomBytes(6).toString("hex")}.png`;
  const hostPath = hostPathOf(target.qemu.pid, path);
  try {
    await (await target.monitor()).execute("screendump", { filename: path, format: "png" });
    return await readPicture(hostPath);
  } finally {
    await rm(hostPath, { force: true });
  }
}

/** The directory is the guest's QEMU's: what lies there may be a link to a file of the host, or a pipe without end. */
async function readPicture(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > largestPictureBytes) throw new Error(`${path} is not a picture`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
