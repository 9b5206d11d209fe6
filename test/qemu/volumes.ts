/** Disks of volumes as the node agent makes them, for a machine that this process may as well have in its own place. Needs root. */
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Client } from "../../src/client/client.ts";
import { mediumContent } from "../../src/node/disks/build-medium.ts";
import type { DiskSource } from "../../src/node/disks/disk-source.ts";
import { observeDisk } from "../../src/node/disks/observe-disk.ts";
import { prepareDisk } from "../../src/node/disks/prepare-disk.ts";
import { someVmi } from "../../src/node/domain/observation.fixture.ts";
import type { Disk, DiskImage } from "../../src/qemu/devices/device.ts";

const claimBytes = 1024 ** 2;

/** What a claim holds, under an overlay. */
export async function ephemeralDisk(directory: string, content: string): Promise<Disk & { base: string }> {
  const base = join(directory, "disk.img");
  await writeFile(base, content);
  await truncate(base, claimBytes);
  const path = join(directory, "ephemeral.qcow2");
  const image = await prepare({ type: "claimOverlay", path, base, device: join(directory, "none"), claimName: "data" });
  return { ...virtio("ephemeral"), image, base };
}

/** Windows' answers. */
export async function sysprepDisk(directory: string, files: Record<string, string>): Promise<Disk> {
  const mounted = () =>
    Promise.resolve(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])));
  const volume = { name: "answers", sysprep: { configMap: { name: "answers" } } };
  const path = join(directory, "answers.iso");
  await writeFile(path, await mediumContent({ vmi: someVmi(), mounted }, volume));
  return { ...virtio("answers"), readOnly: true, image: { format: "raw", path } };
}

export async function metricsDisk(directory: string): Promise<Disk & { image: DiskImage }> {
  const image = await prepare({ type: "metrics", path: join(directory, "metrics.vhostmd") });
  return { ...virtio("metrics"), readOnly: true, image };
}

async function prepare(source: DiskSource): Promise<DiskImage> {
  const context = { client: {} as Client, vmi: someVmi(), pid: process.pid, signal: AbortSignal.timeout(20_000) };
  await prepareDisk(context, { volume: "v", source });
  const { image } = await observeDisk(process.pid, { volume: "v", source });
  if (image === undefined) throw new Error(`${source.path} was not made`);
  return image;
}

function virtio(name: string): Disk {
  return { kind: "disk", name, device: "disk", bus: "virtio" };
}
