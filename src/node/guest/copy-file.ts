/**
 * A file of a guest, stored or fetched for a client that speaks `v5.channel.k8s.io`.
 *
 *   store   client ──stdin──▶ .vmpod-cp.XXXXXX ──checksum, owner, mode──▶ renamed to the target
 *   fetch   guest file ──stdout──▶ client, after one JSON object about it on stderr; then its checksum
 *
 * The target is either what it was or all of the new file: nobody sees half of one. What is left of a copy that breaks off is removed,
 * unless guest or agent are gone by then.
 */
import { createHash, type Hash } from "node:crypto";
import { posix } from "node:path";
import type { Readable } from "node:stream";
import { StatusError } from "../../base/errors.ts";
import type { GuestAgent } from "../../qemu/guest-agent/client.ts";
import { fileChunkBytes, type GuestFile, openGuestFile } from "../../qemu/guest-agent/files.ts";
import type { RemoteCommandSession } from "../../streams/remote-command-session.ts";
import { agentFailure } from "./agent-failure.ts";
import { runScript } from "./file-scripts.ts";

export type FileRequest = { path: string } & ({ write: false } | { write: true; name: string; mode: string });

/** `path=/etc/hosts`, and to store it `write=true&name=hosts&mode=644`. @throws StatusError BadRequest */
export function parseFileRequest(query: URLSearchParams): FileRequest {
  const path = query.get("path") ?? "";
  if (!posix.isAbsolute(path) || path.includes("\0"))
    throw new StatusError("BadRequest", `path: ${JSON.stringify(path)} must be an absolute path in the guest`);
  if (query.get("write") !== "true") return { path, write: false };
  const name = query.get("name") ?? "";
  if (/[/\0\n]/.test(name) || ["", ".", ".."].includes(name))
    throw new StatusError("BadRequest", `name: ${JSON.stringify(name)} must be the file's own name`);
  const mode = query.get("mode") ?? "";
  if (!/^[0-7]{1,4}$/.test(mode)) throw new StatusError("BadRequest", `mode: "${mode}" must be octal, e.g. 644`);
  return { path, write: true, name, mode };
}

export async function copyFile(agent: GuestAgent, request: FileRequest, session: RemoteCommandSession): Promise<void> {
  try {
    const sha256 = request.write ? await store(agent, request, session.stdin) : await fetch(agent, request, session);
    session.finish({ status: "Success", details: { causes: [{ reason: "SHA256", message: sha256 }] } });
  } catch (error) {
    const failure = agentFailure(error);
    if (!(failure instanceof StatusError)) throw error;
    session.finish(failure);
  }
}

async function store(agent: GuestAgent, request: FileRequest & { write: true }, content: Readable): Promise<string> {
  const { path, name, mode } = request;
  const [temporary = "", target = ""] = (await runScript(agent, "prepare", path, name)).split("\n");
  try {
    const sha256 = await fill(await openGuestFile(agent, temporary, "w"), content);
    await runScript(agent, "publish", temporary, target, sha256, mode);
    return sha256;
  } catch (error) {
    await runScript(agent, "discard", temporary).catch(() => undefined);
    throw error;
  }
}

async function fill(file: GuestFile, content: Readable): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of inChunks(content, fileChunkBytes)) {
      hash.update(chunk);
      await file.write(chunk);
    }
    await file.flush();
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
  await file.close();
  return hash.digest("hex");
}

/** Each piece costs the guest some round trips, whatever its size. */
async function* inChunks(content: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const piece of content) {
    waiting.push(piece);
    size += piece.length;
    if (size < bytes) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
}

async function fetch(agent: GuestAgent, { path }: FileRequest, session: RemoteCommandSession): Promise<string> {
  const [mode = "", size = ""] = (await runScript(agent, "describe", path)).trim().split(" ");
  await session.write("stderr", Buffer.from(JSON.stringify({ mode, size: Number(size) })));
  const hash = createHash("sha256");
  const bytes = await send(await openGuestFile(agent, path, "r"), hash, session);
  const sha256 = hash.digest("hex");
  const [there] = (await runScript(agent, "checksum", path, String(bytes))).split(" ");
  if (there === sha256) return sha256;
  throw new StatusError("Conflict", `in the guest: ${path}: was changed while it was being copied`);
}

async function send(file: GuestFile, hash: Hash, session: RemoteCommandSession): Promise<number> {
  let bytes = 0;
  try {
    for (;;) {
      session.gone.throwIfAborted();
      const chunk = await file.read();
      if (chunk === undefined) return bytes;
      hash.update(chunk);
      bytes += chunk.length;
      await session.write("stdout", chunk);
    }
  } finally {
    await file.close().catch(() => undefined);
  }
}
