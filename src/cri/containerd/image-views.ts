/**
 * Read-only views of images, for image volumes: snapshots whose parent is the image's top layer. They carry
 * containerd's root label, so its garbage collector leaves them alone until they are removed here.
 */
import { messageOf, TerminalError } from "../../base/errors.ts";
import { type CriClient, isCriError } from "../client.ts";
import type { Mount } from "../gen/containerd/types/mount.gen.ts";

const snapshotter = "overlayfs";
const prefix = "vmpod-volume-";

export interface ViewOwner {
  podUid: string;
  volume: string;
}

const keyOf = ({ podUid, volume }: ViewOwner): string => `${prefix}${podUid}-${volume}`;

/** Makes the view of an image, or finds it. @returns how to mount it; undefined when the image is not on this node */
export async function viewImage(cri: CriClient, reference: string, owner: ViewOwner): Promise<Mount[] | undefined> {
  const parent = await chainIdOf(cri, reference);
  return parent === undefined ? undefined : await view(cri, keyOf(owner), parent);
}

/** The chain id of the image's unpacked layers. */
async function chainIdOf(cri: CriClient, reference: string): Promise<string | undefined> {
  const { image, info } = await cri.images.imageStatus({ image: { image: reference }, verbose: true });
  if (image === undefined) {
    return undefined;
  }
  const { chainID } = JSON.parse(info["info"] ?? "{}") as { chainID?: string };
  if (chainID === undefined) {
    throw new TerminalError("FailedMount", `containerd does not tell the layers of image ${JSON.stringify(reference)}`);
  }
  return chainID;
}

async function view(cri: CriClient, key: string, parent: string): Promise<Mount[]> {
  const labels = { "containerd.io/gc.root": new Date().toISOString() };
  try {
    return (await cri.snapshots.view({ snapshotter, key, parent, labels })).mounts;
  } catch (error) {
    if (isCriError(error, "AlreadyExists")) {
      return (await cri.snapshots.mounts({ snapshotter, key })).mounts;
    }
    throw error;
  }
}

const uidLength = 36;

/** UIDs of the pods that have views. */
export async function viewOwners(cri: CriClient): Promise<string[]> {
  const keys = await viewKeys(cri, prefix);
  return [...new Set(keys.map((key) => key.slice(prefix.length, prefix.length + uidLength)))];
}

async function viewKeys(cri: CriClient, start: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { info } of cri.snapshots.list({ snapshotter })) {
    keys.push(...info.map(({ name }) => name).filter((name) => name.startsWith(start)));
  }
  return keys;
}

/** Removes the views of one pod, or of all; nothing may have them mounted. */
export async function removeImageViews(cri: CriClient, podUid?: string): Promise<void> {
  const wanted = podUid === undefined ? prefix : `${prefix}${podUid}-`;
  for (const key of await viewKeys(cri, wanted)) {
    await remove(cri, key);
  }
}

async function remove(cri: CriClient, key: string): Promise<void> {
  try {
    await cri.snapshots.remove({ snapshotter, key });
  } catch (error) {
    if (!isCriError(error, "NotFound")) {
      throw new TerminalError("FailedUnmount", `cannot remove snapshot ${key}: ${messageOf(error)}`);
    }
  }
}
