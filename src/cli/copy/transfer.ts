/** One file to or from a guest, by its agent; see src/node/guest/copy-file.ts for the other end. */
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Status, StatusError } from "../../base/errors.ts";
import { remoteCommandV5 } from "../../streams/remote-command-channels.ts";
import { type RemoteCommand, runRemoteCommand } from "../../streams/remote-command-client.ts";
import type { Connection } from "../connection.ts";
import { openStream } from "../open-stream.ts";
import type { Machine } from "../subresource.ts";
import type { Progress } from "./progress.ts";

export interface Transfer {
  connection: Connection;
  machine: Machine;
  progress: Progress;
}

/** Neither the set-user-id bit nor its like: a copy is no way to get privileges, here or there. */
const permissionBits = 0o777;

/** @throws Error when it cannot be read here; StatusError when it cannot be stored there */
export async function storeFile(transfer: Transfer, from: string, to: string): Promise<void> {
  const { size, mode } = await regularFile(from);
  const query = { path: to, write: "true", name: basename(from), mode: (mode & permissionBits).toString(8) };
  const hash = createHash("sha256");
  transfer.progress.begin(basename(from), size);
  async function* content(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(from, { highWaterMark: 256 * 1024 })) {
      hash.update(chunk as Buffer);
      transfer.progress.add((chunk as Buffer).length);
      yield chunk as Buffer;
    }
  }
  const status = await run(transfer, query, { stdin: content(), onOutput: () => undefined });
  compare(status, hash.digest("hex"));
}

async function regularFile(path: string): Promise<{ size: number; mode: number }> {
  const found = await stat(path);
  if (found.isDirectory()) throw new Error(`${path} is a directory: copy it with -r`);
  if (!found.isFile()) throw new Error(`${path} is not a regular file`);
  return found;
}

/** `to` is a file's path or a directory; it is replaced once everything has arrived. */
export async function fetchFile(transfer: Transfer, from: string, to: string): Promise<void> {
  const target = (await isDirectory(to)) ? join(to, nameOf(from)) : to;
  if (await isDirectory(target)) throw new Error(`${target} is a directory`);
  const temporary = join(dirname(target), `.vmpod-cp.${randomBytes(6).toString("hex")}`);
  const file = await open(temporary, "wx", 0o600);
  try {
    await receive(transfer, from, file);
    await rename(temporary, target);
  } finally {
    await file.close();
    await rm(temporary, { force: true });
  }
}

async function receive(transfer: Transfer, from: string, file: FileHandle): Promise<void> {
  const hash = createHash("sha256");
  let mode = 0o644;
  const onOutput: RemoteCommand["onOutput"] = async (kind, bytes) => {
    if (kind === "stderr") {
      const about = JSON.parse(bytes.toString()) as { mode: string; size: number };
      mode = Number.parseInt(about.mode, 8) & permissionBits;
      return transfer.progress.begin(nameOf(from), about.size);
    }
    hash.update(bytes);
    transfer.progress.add(bytes.length);
    await file.writeFile(bytes);
  };
  compare(await run(transfer, { path: from }, { onOutput }), hash.digest("hex"));
  await file.chmod(mode);
  await file.sync();
}

async function run(transfer: Transfer, query: Record<string, string>, command: RemoteCommand): Promise<Status> {
  const { connection, machine, progress } = transfer;
  try {
    const operation = `file?${new URLSearchParams(query).toString()}`;
    return await runRemoteCommand(await openStream(connection, machine, operation, remoteCommandV5), command);
  } finally {
    progress.end();
  }
}

/** @throws StatusError what the other side said; Error when it has other bytes than we */
function compare(status: Status, sha256: string): void {
  const theirs = status.details?.causes?.find(({ reason }) => reason === "SHA256")?.message;
  if (theirs === undefined) throw StatusError.from(status);
  if (theirs !== sha256) throw new Error("the copy has another checksum than the original: try again");
}

/** Of a guest's file: it decides where we write, so it is never a way out of the directory. */
export function nameOf(path: string): string {
  const name = path.split("/").findLast((part) => part !== "") ?? "";
  if (name === "" || name === "." || name === "..")
    throw new Error(`${path} names no file: say what the copy is called`);
  return name;
}

export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
