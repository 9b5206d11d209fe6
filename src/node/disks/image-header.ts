/**
 * What an image file says of itself, read without QEMU's tools: an image from a registry is a stranger's, and its
 * header may name other files, which a tool that runs as root would open.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";

export interface ImageHeader {
  format: "qcow2" | "raw";
  virtualBytes: number;
}

const qcow2Magic = 0x514649fb;
const headerBytes = 32;

/** @throws ELOOP when the file is a symbolic link */
export async function readImageHeader(path: string): Promise<ImageHeader> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    const { size } = await file.stat();
    return parseImageHeader(buffer.subarray(0, bytesRead), size);
  } finally {
    await file.close();
  }
}

export function parseImageHeader(header: Buffer, fileBytes: number): ImageHeader {
  if (header.length === headerBytes && header.readUInt32BE(0) === qcow2Magic) {
    return { format: "qcow2", virtualBytes: Number(header.readBigUInt64BE(24)) };
  }
  return { format: "raw", virtualBytes: fileBytes };
}
