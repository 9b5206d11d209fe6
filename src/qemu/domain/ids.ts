/**
 * Names of our objects inside QEMU, derived from volume and interface names, so that an agent that knows nothing
 * but the spec finds them again. QEMU limits node names to 31 characters: longer ones are cut and made unique by a hash.
 */
import { createHash } from "node:crypto";

const maxNodeNameLength = 31;

/** The qdev id of a disk or cdrom drive. */
export const driveId = (name: string): string => `disk-${name}`;
/** The block node a drive's device is opened on. */
export const driveNode = (name: string): string => nodeName(`disk-${name}`);
/** SATA only: the node of the image, below the drive's own node. */
export const imageNode = (name: string): string => nodeName(`image-${name}`);
/** SATA only: what fills a drive until its image is attached. */
export const placeholderNode = (name: string): string => nodeName(`empty-${name}`);
/** The node of a disk's file, while its content comes from another node. */
export const receivingNode = (name: string): string => nodeName(`file-${name}`);
/** The node of a disk's image that somebody else serves. */
export const servedNode = (name: string): string => nodeName(`served-${name}`);
const copyPrefix = "copy-";
/** The job that copies a disk to another node, and the node it writes to. */
export const copyId = (migrationUid: string, name: string): string =>
  nodeName(`${copyPrefix}${migrationUid.slice(0, 8)}-${name}`);
export const isCopyId = (id: string): boolean => id.startsWith(copyPrefix);
export const nicId = (name: string): string => `nic-${name}`;
export const netdevId = (name: string): string => `net-${name}`;
/** The device that shows a file system, and the connection to who serves it. */
export const filesystemId = (name: string): string => `fs-${name}`;
/** The device that memory is plugged into, in blocks. */
export const hotMemoryId = "hotmem0";
export const hotMemoryBlockBytes = 2 * 1024 ** 2;
export const ioThreadId = (index: number): string => `io${index}`;
/** All SCSI disks share it. */
export const scsiController = "scsi0";
export const rootPortId = (index: number): string => `port${index}`;

function nodeName(text: string): string {
  if (text.length <= maxNodeNameLength) return text;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `${text.slice(0, maxNodeNameLength - 9)}-${hash}`;
}
