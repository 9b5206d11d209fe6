/** The durable store: a journal in one sqlite file, written by a thread of its own, and everything current in memory. */
import { Worker } from "node:worker_threads";
import { InvariantError } from "../base/errors.ts";
import { createStore } from "./create-store.ts";
import { createHistory } from "./history.ts";
import type { Journal, JournalRow } from "./journal.ts";
import { replay } from "./replay.ts";
import type { WorkerAnswer, WorkerRequest, WorkerSettings } from "./sqlite-worker.ts";
import { type Store, StoreFullError } from "./store.ts";

export interface SqliteStoreOptions {
  /** How long a predecessor that was told to stop gets to let go of the file. */
  lockTimeoutMs?: number;
}

/** @throws Error when the file cannot be opened, is used by another process, or is damaged */
export async function openSqliteStore(
  path: string,
  { lockTimeoutMs = 10_000 }: SqliteStoreOptions = {},
): Promise<Store> {
  const { call, opened } = startWorker({ path, lockTimeoutMs });
  const { compacted, rows } = await opened;
  const { base, writes } = replay(rows, compacted, path);
  const history = createHistory({ values: base, revision: compacted });
  for (const write of writes) history.apply(write);
  return createStore(history, journalOf(call));
}

function journalOf(call: (request: WorkerRequest) => Promise<void>): Journal {
  return {
    append: (rows) => call({ type: "append", rows }),
    compact: (revision, superseded) => call({ type: "compact", revision, superseded }),
    close: () => call({ type: "close" }),
  };
}

interface Opened {
  compacted: number;
  rows: JournalRow[];
}

function requireOpened(answer: WorkerAnswer): Opened {
  if (answer.type !== "opened") throw new InvariantError(`the first answer of the writing thread is ${answer.type}`);
  return answer;
}

function startWorker(settings: WorkerSettings): {
  call: (request: WorkerRequest) => Promise<void>;
  opened: Promise<Opened>;
} {
  // Sources run as they are in development, compiled in the package: the worker is beside this file in both.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./sqlite-worker.${extension}`, import.meta.url), { workerData: settings });
  let waiting: PromiseWithResolvers<WorkerAnswer> = Promise.withResolvers();

  const fail = (error: Error) => waiting.reject(error);
  worker.on("message", (answer: WorkerAnswer) => waiting.resolve(answer));
  worker.on("error", fail);
  worker.on("exit", () => fail(new Error(`the thread that writes ${settings.path} ended`)));

  /** The thread keeps the process alive only while somebody waits for it. */
  async function answer(): Promise<WorkerAnswer> {
    worker.ref();
    const answer = await waiting.promise.finally(() => worker.unref());
    if (answer.type === "failed") throw answer.isFull ? fullError(answer.message) : new Error(answer.message);
    return answer;
  }

  async function call(request: WorkerRequest): Promise<void> {
    waiting = Promise.withResolvers();
    worker.postMessage(request, []);
    await answer();
  }

  function fullError(message: string): StoreFullError {
    return new StoreFullError(`${settings.path}: ${message}; make room on its disk`);
  }

  async function stop(error: Error): Promise<never> {
    await worker.terminate();
    throw error;
  }

  return { call, opened: answer().then(requireOpened).catch(stop) };
}
