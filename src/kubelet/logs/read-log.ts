/**
 * Reads a container's log as `kubectl logs` wants it: the end of it, from a time on, and following.
 *
 * Rotation renames the file and makes a new one of the same name. A follower reads the old one to its end, then
 * goes on with the new one: by the open file's inode it sees that the name means another file.
 */
import { watch } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { dirname } from "node:path";
import { unlessMissing } from "../../base/files.ts";
import { formatLine, parseLine } from "./line.ts";
import { tailOffset } from "./tail.ts";

export interface LogRequest {
  follow: boolean;
  timestamps: boolean;
  tailLines?: number;
  sinceMs?: number;
  limitBytes?: number;
}

export interface LogSource {
  path: string;
  /** Whether nothing more will be written. */
  ended(): Promise<boolean>;
}

const chunkBytes = 64 * 1024;
/** Look at least this often: the watch tells of most changes at once. */
const pollMs = 1000;

export async function* readLog(source: LogSource, request: LogRequest, signal: AbortSignal): AsyncGenerator<Buffer> {
  let left = request.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const raw of lines(source, request, signal)) {
    const line = parseLine(raw);
    if (line !== undefined && Date.parse(line.time) >= (request.sinceMs ?? 0)) {
      const bytes = formatLine(line, request.timestamps);
      yield bytes.subarray(0, left);
      left -= bytes.length;
    }
    if (left <= 0) {
      return;
    }
  }
}

async function* lines(source: LogSource, request: LogRequest, signal: AbortSignal): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks(source, request, signal)) {
    let start = 0;
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      yield bytes.subarray(start, end);
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) {
    yield rest;
  }
}

async function* chunks(source: LogSource, request: LogRequest, signal: AbortSignal): AsyncGenerator<Buffer> {
  let file = await openIfThere(source.path);
  if (file === undefined) {
    return;
  }
  try {
    using changes = watchDirectory(dirname(source.path));
    let position = request.tailLines === undefined ? 0 : await tailOffset(file, request.tailLines);
    while (!signal.aborted) {
      // Asked before reading: what was written before the end is then read.
      const over = !request.follow || (await source.ended());
      for (let bytes = await read(file, position); bytes.length > 0; bytes = await read(file, position)) {
        position += bytes.length;
        yield bytes;
      }
      const next: FileHandle | undefined = await successor(file, source.path);
      if (next !== undefined && request.follow) {
        await file.close();
        file = next;
        position = 0;
      } else if (over) {
        return;
      } else {
        await changes.next(signal);
      }
    }
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  return await unlessMissing(open(path, "r"));
}

async function read(file: FileHandle, position: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position);
  return buffer.subarray(0, bytesRead);
}

/** The file that has taken over the name, once that happened. */
async function successor(file: FileHandle, path: string): Promise<FileHandle | undefined> {
  const mine = await file.stat();
  const named = await unlessMissing(stat(path)); // missing between the renaming and the new file
  return named === undefined || mine.ino === named.ino ? undefined : await openIfThere(path);
}

interface Changes extends Disposable {
  next(signal: AbortSignal): Promise<void>;
}

function watchDirectory(dir: string): Changes {
  let wake = (): void => undefined;
  let changed = false;
  const watcher = watch(dir, () => {
    changed = true;
    wake();
  });
  watcher.on("error", () => watcher.close()); // the directory is gone; polling sees the end
  return {
    async next(signal) {
      const stop = new AbortController();
      wake = () => stop.abort();
      if (!changed) {
        await delay(pollMs, undefined, { signal: AbortSignal.any([stop.signal, signal]) }).catch(() => undefined);
      }
      changed = false;
    },
    [Symbol.dispose]: () => watcher.close(),
  };
}
