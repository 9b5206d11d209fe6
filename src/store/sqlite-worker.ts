/** The thread that waits for the disk, so that the thread that answers requests never does. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { JournalRow } from "./journal.ts";
import { openSqliteFile, type SqliteFile } from "./sqlite-file.ts";

export interface WorkerSettings {
  path: string;
  lockTimeoutMs: number;
}

export type WorkerRequest =
  | { type: "append"; rows: JournalRow[] }
  | { type: "compact"; revision: number; superseded: number[] }
  | { type: "close" };

export type WorkerAnswer =
  | { type: "opened"; compacted: number; rows: JournalRow[] }
  | { type: "done" }
  | { type: "failed"; message: string; isFull: boolean };

function perform(file: SqliteFile, request: WorkerRequest): void {
  if (request.type === "append") file.append(request.rows);
  else if (request.type === "compact") file.compact(request.revision, request.superseded);
  else file.close();
}

function attempt(action: () => WorkerAnswer): WorkerAnswer {
  try {
    return action();
  } catch (error) {
    return { type: "failed", message: error instanceof Error ? error.message : String(error), isFull: isFull(error) };
  }
}

const sqliteFull = 13;

/** The transaction is rolled back then: its commit record never reached the file. */
function isFull(error: unknown): boolean {
  return error instanceof Error && (error as { errcode?: number }).errcode === sqliteFull;
}

function serve(port: MessagePort, settings: WorkerSettings): void {
  let file: SqliteFile | undefined;
  const opened = attempt(() => {
    file = openSqliteFile(settings.path, settings.lockTimeoutMs);
    return { type: "opened", compacted: file.compacted, rows: file.rows() };
  });
  port.postMessage(opened);
  port.on("message", (request: WorkerRequest) => {
    const answer = attempt(() => {
      if (file) perform(file, request);
      return { type: "done" };
    });
    port.postMessage(answer);
    if (request.type === "close") port.close();
  });
}

if (parentPort) serve(parentPort, workerData as WorkerSettings);
