/** The chunked body of a watch: lines, a timeout, and an ERROR event when it fails after the headers went out. */
import type { Writable } from "node:stream";
import type { ApiResponse } from "../../../api/admission.ts";
import type { StatusError } from "../../base/errors.ts";
import { onClosed } from "../../http/on-closed.ts";

/** A client that does not read for so long that this much piles up is cut off; it lists and watches again. */
const backlogLimitBytes = 64 * 1024 * 1024;

export interface WatchStream {
  write(line: string): void;
  fail(error: StatusError): void;
  /** Resolves when the client went away or the watch timed out. */
  readonly ended: Promise<void>;
}

export function createWatchStream(response: ApiResponse, timeoutMs: number, stopping: AbortSignal): WatchStream {
  response.statusCode = 200;
  response.setHeader("content-type", "application/json");
  response.setHeader("cache-control", "no-cache, private");
  if ("flushHeaders" in response) response.flushHeaders();
  else response.writeHead(200);
  const end = (): void => void response.end();
  stopping.addEventListener("abort", end, { once: true });
  const timer = setTimeout(end, Math.min(timeoutMs, 2 ** 31 - 1));
  const ended = new Promise<void>((resolve) => {
    onClosed(response, () => {
      clearTimeout(timer);
      stopping.removeEventListener("abort", end);
      resolve();
    });
  });
  if (stopping.aborted) end();
  return {
    ended,
    write(line) {
      if (response.writableEnded || response.destroyed) return;
      (response as Writable).write(line);
      if (response.writableLength > backlogLimitBytes) response.destroy();
    },
    fail(error) {
      if (response.writableEnded || response.destroyed) return;
      response.end(`${JSON.stringify({ type: "ERROR", object: error.toStatus() })}\n`);
    },
  };
}
