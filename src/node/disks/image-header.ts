/**
 * What an image file says of itself, read without QEMU's tools: an image from a registry is a stranger's, and its
 * header may name other files, which a tool that runs as root would open.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { TerminalError } from "../../base/errors.ts";

export interface ImageHeader {
  format: "qcow2" | "raw";
  virtualBytes: number;
}

const qcow2Magic = 0x514649fb;
const headerBytes = 32;

/** @throws ELOOP when the file is a symbolic link, Error when it is no file: a pipe would keep us waiting */
export async function readImageHeader(path: string): Promise<ImageHeader> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new TerminalError("InvalidVolume", `${basename(path)} is not a regular file`);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    return parseImageHeader(buffer.subarray(0, bytesRead), stats.size);
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
