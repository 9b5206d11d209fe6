/**
 * Makes the file of a disk. Written in a directory that is only ours and renamed when complete, so that a file that is there is
 * whole, whenever the agent was killed; and a rename never follows what somebody else may have put in its place.
 */
import { chown, lchown, lstat, open, rename, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { persistentVolumeClaims } from "../../../api/core.ts";
import { runtimeUser } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { TerminalError } from "../../base/errors.ts";
import { unlessMissing } from "../../base/files.ts";
import { quantityToNumber } from "../../base/quantity.ts";
import { exec } from "../../base/exec.ts";
import type { Client } from "../../client/client.ts";
import { createImage } from "../../storage/qemu-img.ts";
import { metricsDisk } from "../downward-metrics/metrics-disk.ts";
import { readHost, readMachine, renderMetrics, sizeOfMachine } from "../downward-metrics/metrics.ts";
import { hostPathOf } from "../process/container-files.ts";
import { buildMedium } from "./build-medium.ts";
import type { DiskSource, NamedSource } from "./disk-source.ts";
import { sizeOf } from "./block-size.ts";
import { findBacking } from "./observe-disk.ts";
import { withPrivateDirectory } from "./private-directory.ts";

export interface PrepareContext {
  client: Client;
  vmi: VirtualMachineInstance;
  pid: number;
  signal: AbortSignal;
}

export async function prepareDisk(context: PrepareContext, { volume, source }: NamedSource): Promise<void> {
  if (source.type === "claim" && (await giveDevice(context.pid, source))) return;
  if (source.type === "claimOverlay") await giveDevice(context.pid, source);
  await placeFile(context.pid, source.path, (file) => write(context, volume, source, file));
}

/** A file in the container that is QEMU's, and there once it is whole. */
export async function placeFile(
  pid: number,
  containerPath: string,
  fill: (path: string) => Promise<void>,
): Promise<void> {
  const target = hostPathOf(pid, containerPath);
  const file = "unfinished";
  const name = `.${basename(target)}.unfinished`;
  await withPrivateDirectory(dirname(target), { name, file }, async ({ pathOf, pathAround }) => {
    await fill(pathOf(file));
    await chown(pathOf(file), runtimeUser, runtimeUser);
    await rename(pathOf(file), pathAround(basename(target)));
  });
}

/**
 * The container's own node of the device, which the kubelet made like the host's: root's. The host's stays as it is.
 * @returns whether the claim is a device
 */
export async function giveDevice(pid: number, { device }: { device: string }): Promise<boolean> {
  const path = hostPathOf(pid, device);
  if (!(await unlessMissing(lstat(path)))?.isBlockDevice()) return false;
  await lchown(path, runtimeUser, runtimeUser);
  return true;
}

async function write(context: PrepareContext, volume: string, source: DiskSource, file: string): Promise<void> {
  switch (source.type) {
    case "containerDisk":
      return createOverlay(context, volume, source, file);
    case "emptyDisk":
      return createImage({ path: file, format: "qcow2", sizeBytes: source.capacityBytes });
    case "medium":
      return buildMedium(context, source.volume, file);
    case "metrics":
      return writeFile(file, metricsDisk(await metricsOf(context)), { mode: 0o660, flag: "wx" });
    case "claimOverlay":
      return createClaimOverlay(context, volume, source, file);
    case "hostDisk":
      return createHostDisk(volume, source, file);
    case "claim":
      return createSparse(file, await claimBytes(context, volume, source));
  }
}

/** `-u`: the backing file has this name for QEMU only, not here; so its size comes from its header. */
async function createOverlay(
  { pid, signal }: PrepareContext,
  volume: string,
  source: Extract<DiskSource, { type: "containerDisk" }>,
  file: string,
): Promise<void> {
  await createOver(await findBacking(pid, source, volume), file, signal);
}

async function createOver(
  { virtualBytes, path, format }: { virtualBytes: number; path: string; format: string },
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const backing = ["-u", "-b", path, "-F", format];
  await exec(["qemu-img", "create", "-q", "-f", "qcow2", ...backing, file, String(virtualBytes)], { signal });
}

async function metricsOf({ vmi, pid }: PrepareContext): Promise<string> {
  return renderMetrics(await readHost(), await readMachine(pid, sizeOfMachine(vmi)));
}

async function createClaimOverlay(
  { pid, signal }: PrepareContext,
  volume: string,
  { base, device, claimName }: Extract<DiskSource, { type: "claimOverlay" }>,
  file: string,
): Promise<void> {
  const candidates = [device, base].map(async (path) => ({ path, bytes: await sizeOf(hostPathOf(pid, path)) }));
  const found = (await Promise.all(candidates)).find(({ bytes }) => bytes !== undefined);
  if (found?.bytes === undefined) {
    const what = `claim ${claimName} has no disk.img that the guest could see: fill it, or use persistentVolumeClaim`;
    throw new TerminalError("InvalidVolume", `volume ${volume}: ${what}`);
  }
  await createOver({ path: found.path, format: "raw", virtualBytes: found.bytes }, file, signal);
}

async function createHostDisk(
  volume: string,
  { hostPath, capacityBytes }: Extract<DiskSource, { type: "hostDisk" }>,
  file: string,
): Promise<void> {
  if (capacityBytes === undefined) {
    const what = `there is no ${hostPath} on the node: use type DiskOrCreate, or nodeSelector for the node that has it`;
    throw new TerminalError("InvalidVolume", `volume ${volume}: ${what}`);
  }
  await createSparse(file, capacityBytes);
}

export async function createSparse(file: string, bytes: number): Promise<void> {
  const handle = await open(file, "wx", 0o660);
  try {
    await handle.truncate(bytes);
  } finally {
    await handle.close();
  }
}

async function claimBytes(
  { client, vmi, signal }: PrepareContext,
  volume: string,
  { claimName, readOnly }: Extract<DiskSource, { type: "claim" }>,
): Promise<number> {
  if (readOnly)
    throw new TerminalError("InvalidVolume", `volume ${volume}: claim ${claimName} is read-only and has no disk.img`);
  const key = { namespace: vmi.metadata?.namespace, name: claimName };
  const { status, spec } = await client.get(persistentVolumeClaims, key, { signal });
  const capacity = status?.capacity?.["storage"] ?? spec?.resources?.requests?.["storage"];
  if (capacity === undefined)
    throw new TerminalError("InvalidVolume", `volume ${volume}: claim ${claimName} has no capacity`);
  return quantityToNumber(capacity);
}
