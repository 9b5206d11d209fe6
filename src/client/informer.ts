import type { KubeObject, Resource } from "../../api/meta.ts";
import type { Client } from "./client.ts";

export interface InformerOptions<T extends KubeObject = KubeObject> {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Name -> the values under which `byIndex` finds an object. */
  indexes?: Record<string, (object: T) => string[]>;
  /** What of an object is kept and told: fields that nobody reads need not take memory. `managedFields` never are. */
  keep?: (object: T) => T;
}

/**
 * An in-memory copy of one kind, kept current by list + watch, that tells what changed. Its objects lack `managedFields`, which are about
 * as large as the rest and which nobody decides by; a server leaves them as they are when an object comes back without.
 */
export interface Informer<T extends KubeObject> {
  readonly resource: Resource<T>;
  get(namespace: string | undefined, name: string): T | undefined;
  list(namespace?: string): T[];
  /** Objects that have `value` in the index `name` of the options. */
  byIndex(name: string, value: string): T[];
  /** Called for each change, once per object also for those already there when it is added. */
  onChange(handler: (change: Change<T>) => void): void;
  /** Lists, then watches until the signal aborts; survives server restarts, 410 and broken connections. */
  start(signal: AbortSignal): void;
  /** Resolves after the first complete list. */
  synced(): Promise<void>;
}

export interface Change<T> {
  type: "added" | "updated" | "deleted";
  object: T;
  previous: T | undefined;
}

export type InformerFactory = <T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options?: InformerOptions<T>,
) => Informer<T>;
