/** The guest's screen as PNG. QEMU writes it in its own container; we read and remove it from outside. */
import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { StatusError } from "../../base/errors.ts";
import { launcherPaths } from "../../qemu/domain/paths.ts";
import { hostPathOf } from "../process/container-files.ts";
import type { Target } from "./target.ts";

export async function takeScreenshot(target: Target): Promise<Buffer> {
  if (target.vmi.spec.domain.devices.autoattachGraphicsDevice === false) {
    throw new StatusError("BadRequest", "No graphics devices are present.");
  }
  const path = `${launcherPaths.run}/screen-${randomBytes(6).toString("hex")}.png`;
  const hostPath = hostPathOf(target.qemu.pid, path);
  try {
    await (await target.monitor()).execute("screendump", { filename: path, format: "png" });
    return await readFile(hostPath);
  } finally {
    await rm(hostPath, { force: true });
  }
}
