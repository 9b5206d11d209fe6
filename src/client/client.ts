import type { Readable } from "node:stream";
import type { KubeList, KubeObject, Resource } from "../../api/meta.ts";

/**
 * A thin typed client of any Kubernetes API. Every call throws `StatusError` (src/base/errors.ts) for an
 * answer that is not 2xx, and `StatusError` with reason `ServiceUnavailable` when the server cannot be reached.
 */
export interface Client {
  get<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T>;
  list<T extends KubeObject>(resource: Resource<T>, options?: ListCallOptions): Promise<KubeList<T>>;
  watch<T extends KubeObject>(resource: Resource<T>, options: WatchCallOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T>;
  /** Replaces the object; `metadata.resourceVersion`, when set, is the optimistic lock. */
  update<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T>;
  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T, options?: CallOptions): Promise<T>;
  patch<T extends KubeObject>(resource: Resource<T>, key: ObjectKey, patch: Patch, options?: PatchOptions): Promise<T>;
  delete(resource: Resource, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** A request to any path, e.g. `/apis/subresources.kubevirt.io/v1/...`; the body is JSON. */
  request<T>(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<T>;
  /** A GET whose answer is not JSON or has no end, e.g. a pod's log; throws as the others before the first byte. */
  open(path: string, options?: RequestOptions): Promise<Readable>;
  /** Closes the connections; running watches end. */
  close(): void;
}

export interface ObjectKey {
  /** Omitted for cluster-scoped kinds. */
  namespace?: string;
  name: string;
}

export interface CallOptions {
  signal?: AbortSignal;
  fieldManager?: string;
  dryRun?: boolean;
}

export interface RequestOptions extends CallOptions {
  query?: Record<string, string>;
  headers?: Record<string, string>;
}

export interface ListCallOptions extends CallOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  limit?: number;
  continue?: string;
  resourceVersion?: string;
}

export interface WatchCallOptions {
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  resourceVersion: string;
  /** The server is asked to end the watch after this time. */
  timeoutSeconds?: number;
  signal: AbortSignal;
}

export type WatchEvent<T extends KubeObject> =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: T }
  | { type: "BOOKMARK"; resourceVersion: string };

export type Patch =
  | { type: "merge"; body: unknown }
  | { type: "strategic"; body: unknown }
  | { type: "json"; body: JsonPatchOperation[] }
  | { type: "apply"; body: unknown };

export interface JsonPatchOperation {
  op: "add" | "remove" | "replace" | "test" | "move" | "copy";
  path: string;
  value?: unknown;
  from?: string;
}

export interface PatchOptions extends CallOptions {
  subresource?: "status" | "scale" | "resize";
  /** Server-side apply only: take over fields owned by others. */
  force?: boolean;
}

export interface DeleteOptions extends CallOptions {
  gracePeriodSeconds?: number;
  propagationPolicy?: "Foreground" | "Background" | "Orphan";
  preconditions?: { uid?: string; resourceVersion?: string };
}
