/**
 * A QEMU by hand that can send and receive a guest: the arguments of a pod's QEMU, and the same devices, plugged in the same way and
 * backed by files that are made in the same way; but all of it in one directory of the host.
 */
import { copyFileSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { VirtualMachineInstance } from "../../api/kubevirt/types.ts";
import { type DiskSource, diskSources } from "../../src/node/disks/disk-source.ts";
import type { DiskObservation } from "../../src/node/disks/observe-disk.ts";
import { createSparse } from "../../src/node/disks/prepare-disk.ts";
import { desiredDevices } from "../../src/node/domain/desired-devices.ts";
import { receivingDevices } from "../../src/node/migration/moved-disks.ts";
import { applyDeviceAction } from "../../src/qemu/devices/action.ts";
import type { Device, DiskImage } from "../../src/qemu/devices/device.ts";
import { observeDevices } from "../../src/qemu/devices/observe.ts";
import { planDevices } from "../../src/qemu/devices/plan.ts";
import { socketNames } from "../../src/qemu/domain/paths.ts";
import { QmpClient } from "../../src/qemu/qmp/client.ts";

import { createImage } from "../../src/storage/qemu-img.ts";
import type { PodProcess } from "../../test/embedded/processes.ts";
import { bareArguments, endBare, spawnBare } from "./bare-qemu.ts";
import { connectMonitor } from "./connect-monitor.ts";

export interface BareGuestPlan {
  /** A QEMU in a pod, and its instance. */
  model: PodProcess;
  vmi: VirtualMachineInstance;
  /** Of its own; made here, removed with it. */
  directory: string;
  /** A copy of the image that the root disk is based on. */
  base: string;
  /** A copy of its cloud-init medium. */
  seed: string;
  /** What is its claim: at both ends of a migration the same file. */
  claim: string;
  tap: string;
  /** It waits for a guest, and lets it go on as soon as it is there. */
  incoming: boolean;
}

export interface BareGuest {
  directory: string;
  qmp: QmpClient;
  stop(): Promise<void>;
}

/** Every device is there; the guest does not run yet. */
export async function startBareGuest(plan: BareGuestPlan): Promise<BareGuest> {
  const { directory, model, incoming } = plan;
  mkdirSync(directory);
  const disks = await makeDisks(plan);
  const args = bareArguments(model, directory);
  const child = spawnBare(incoming ? [...args.filter((word) => word !== "-S"), "-incoming", "defer"] : args);
  const stop = async (): Promise<void> => {
    await endBare(child);
    rmSync(directory, { recursive: true });
  };
  try {
    const qmp = await connectMonitor(child, join(directory, socketNames.qmp));
    await plug(qmp, devicesOf(plan, disks));
    return { directory, qmp, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeDisks(plan: BareGuestPlan): Promise<DiskObservation[]> {
  const disks: DiskObservation[] = [];
  for (const { volume, source } of diskSources(plan.vmi.spec)) {
    disks.push({ volume, source, image: await makeImage(plan, volume, source) });
  }
  return disks;
}

async function makeImage(plan: BareGuestPlan, volume: string, source: DiskSource): Promise<DiskImage> {
  const path = join(plan.directory, volume);
  switch (source.type) {
    case "containerDisk": {
      const backing = { path: plan.base, format: "qcow2" } as const;
      await createImage({ path, format: "qcow2", backing });
      return { format: "qcow2", path, backing };
    }
    case "emptyDisk":
      await createImage({ path, format: "qcow2", sizeBytes: source.capacityBytes });
      return { format: "qcow2", path };
    case "medium":
      if (plan.incoming) await createSparse(path, statSync(plan.seed).size);
      else copyFileSync(plan.seed, path);
      return { format: "raw", path };
    default:
      return { format: "raw", path: plan.claim };
  }
}

function devicesOf({ vmi, tap, incoming }: BareGuestPlan, disks: readonly DiskObservation[]): Device[] {
  const devices = incoming ? receivingDevices(vmi, disks) : desiredDevices(vmi, disks);
  return devices.map((device) => (device.kind === "nic" ? { ...device, tap } : device));
}

async function plug(qmp: QmpClient, devices: readonly Device[]): Promise<void> {
  for (;;) {
    const actions = planDevices(devices, await observeDevices(qmp));
    if (actions.length === 0) return;
    for (const action of actions) await applyDeviceAction(qmp, action);
  }
}
