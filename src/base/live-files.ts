/**
 * Files whose content may be replaced while we run, such as a Secret that is mounted into a pod. They are looked at now and then: the
 * kubelet replaces them by way of links, which a watch on the files does not see.
 */
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** A value and its successors. */
export interface Live<T> {
  current(): T;
  onChange(handler: (value: T) => void): void;
}

export function unchanging<T>(value: T): Live<T> {
  return { current: () => value, onChange: () => undefined };
}

interface LiveFilesOptions {
  signal: AbortSignal;
  intervalMs?: number;
  /** Told of what could not be read, or what a handler would not take; it is tried again. */
  onError: (error: unknown) => void;
}

type Contents<Name extends string> = Record<Name, string>;

/** @throws when one of them is not there at first */
export async function liveFiles<Name extends string>(
  paths: Readonly<Record<Name, string>>,
  { signal, intervalMs = 10_000, onError }: LiveFilesOptions,
): Promise<Live<Contents<Name>>> {
  const handlers: ((value: Contents<Name>) => void)[] = [];
  let current = await readAll(paths);

  async function look(): Promise<void> {
    const next = await readAll(paths);
    if (JSON.stringify(next) === JSON.stringify(current)) return;
    // A handler that refuses keeps the old value for all: files that belong together may be half replaced.
    for (const handler of handlers) handler(next);
    current = next;
  }

  async function keepLooking(): Promise<void> {
    while (await passed(intervalMs, signal)) await look().catch(onError);
  }

  void keepLooking();
  return { current: () => current, onChange: (handler) => void handlers.push(handler) };
}

async function readAll<Name extends string>(paths: Readonly<Record<Name, string>>): Promise<Contents<Name>> {
  const read = Object.entries<string>(paths).map(async ([name, path]) => [name, await readFile(path, "utf8")] as const);
  return Object.fromEntries(await Promise.all(read)) as Contents<Name>;
}

/** False when the signal came first. */
async function passed(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal, ref: false }).catch(() => false);
}
