/** The block graph below a disk: format over file, with what is behind an overlay. One node holds the whole chain. */
import { driveNode, receivingNode, servedNode } from "../domain/ids.ts";
import type { BlockdevOptions } from "../qmp/commands.ts";
import type { Disk, DiskImage } from "./device.ts";

/** Arguments of `blockdev-add`. */
export function blockNode(nodeName: string, disk: Disk, image: DiskImage): BlockdevOptions {
  const readOnly = isReadOnly(disk);
  const node = formatNode(image, { readOnly, shareable: disk.shareable ?? false, cache: cacheOf(disk), aio: disk.io });
  return {
    "node-name": nodeName,
    ...node,
    ...(image.served && { file: { ...node.file, "node-name": servedNode(disk.name) } }),
    ...(disk.receiving && { file: { ...node.file, "node-name": receivingNode(disk.name), "read-only": false } }),
  };
}

/** Where the content of a disk that is `receiving` is to be written: as the guest sees it, whatever the file's format. */
export function nodeToFill(disk: Disk): string {
  return isReadOnly(disk) ? receivingNode(disk.name) : driveNode(disk.name);
}

export function isReadOnly(disk: Disk): boolean {
  return disk.readOnly === true || disk.device === "cdrom";
}

interface Access {
  readOnly: boolean;
  shareable: boolean;
  cache: { direct: boolean };
  aio: Disk["io"];
}

/**
 * A backing image is named here or there is none: a name inside an image's header is whatever its author wrote.
 * It is only read, and through the host's page cache, which all machines of that image share.
 */
function formatNode(
  image: DiskImage,
  access: Access,
): { driver: string; file: Record<string, unknown> } & Record<string, unknown> {
  const backing =
    image.backing && formatNode(image.backing, { ...access, readOnly: true, cache: { direct: false }, aio: undefined });
  return {
    driver: image.format,
    "read-only": access.readOnly,
    ...(!access.readOnly && { discard: "unmap", "detect-zeroes": "unmap" }),
    cache: access.cache,
    file: fileNode(image, access),
    ...(image.format === "qcow2" && { backing: backing ?? null }),
  };
}

function fileNode(image: DiskImage, access: Access): Record<string, unknown> {
  if (image.served) return nbdNode(image, access);
  return {
    driver: image.blockDevice ? "host_device" : "file",
    filename: image.path,
    "read-only": access.readOnly,
    ...(!access.readOnly && { discard: "unmap" }),
    ...(access.shareable && { locking: "off" }),
    ...(access.aio && { aio: access.aio }),
    cache: access.cache,
  };
}

/** How long a guest's reads and writes wait for a server that has ended: as long as it takes to start another, and to notice that none does. */
const reconnectSeconds = 600;

/** How it is read and written, and who else may, is for the server to know. */
function nbdNode({ path }: DiskImage, { readOnly, cache }: Access): Record<string, unknown> {
  return {
    driver: "nbd",
    server: { type: "unix", path },
    "reconnect-delay": reconnectSeconds,
    "read-only": readOnly,
    ...(!readOnly && { discard: "unmap" }),
    cache,
  };
}

function cacheOf(disk: Disk): { direct: boolean } {
  return { direct: disk.cache === "none" || disk.io === "native" };
}
