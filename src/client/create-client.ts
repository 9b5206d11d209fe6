/** The `Client` of client.ts over one multiplexed connection. */
import type { KubeList, KubeObject, Resource } from "../../api/meta.ts";
import { type Call, callJson, callStream } from "./call.ts";
import type { Client, DeleteOptions, ListCallOptions, Patch } from "./client.ts";
import type { ClientConfig } from "./config.ts";
import { collectionPath, keyOf, objectPath, type Query, withQuery, writeQuery } from "./paths.ts";
import { createTransport } from "./transport.ts";
import { watch, withType } from "./watch.ts";

const patchContentTypes: Record<Patch["type"], string> = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
};

/** As long as an API server may take; watches and `open` have no such end. */
const requestTimeoutMs = 60_000;

export function createClient(config: ClientConfig): Client {
  const transport = createTransport(config);
  const call = <T>(request: Call) => callJson<T>(transport, request, config.requestTimeoutMs ?? requestTimeoutMs);
  const manager = config.userAgent;

  const put = <T extends KubeObject>(path: string, body: T, { signal, ...options }: WriteOptions) =>
    call<T>({ method: "PUT", path: withQuery(path, writeQuery({ fieldManager: manager, ...options })), body, signal });

  return {
    get: (resource, key, options = {}) =>
      call({ method: "GET", path: objectPath(resource, key), signal: options.signal }),
    list: async (resource, options = {}) => {
      const path = withQuery(collectionPath(resource, options.namespace), listQuery(options));
      return typedList(await call({ method: "GET", path, signal: options.signal }), resource);
    },
    watch: (resource, options) => watch(transport, resource, options),
    create: (resource, body, { signal, ...options } = {}) => {
      const path = collectionPath(resource, body.metadata?.namespace);
      const query = writeQuery({ fieldManager: manager, ...options });
      return call({ method: "POST", path: withQuery(path, query), body, signal });
    },
    update: (resource, body, options = {}) => put(objectPath(resource, keyOf(body)), body, options),
    updateStatus: (resource, body, options = {}) => put(objectPath(resource, keyOf(body), "status"), body, options),
    patch: (resource, key, patch, { signal, force, subresource, ...options } = {}) => {
      const query: Query = { ...writeQuery({ fieldManager: manager, ...options }), force };
      return call({
        method: "PATCH",
        path: withQuery(objectPath(resource, key, subresource), query),
        body: patch.body,
        contentType: patchContentTypes[patch.type],
        signal,
      });
    },
    delete: async (resource, key, options = {}) => {
      const query = { dryRun: options.dryRun ? "All" : undefined };
      const path = withQuery(objectPath(resource, key), query);
      await call({ method: "DELETE", path, body: deleteBody(options), signal: options.signal });
    },
    request: (method, path, body, { query, headers, signal, ...options } = {}) =>
      call({ method, path: withQuery(path, { ...writeQuery(options), ...query }), body, headers, signal }),
    open: async (path, { query, headers, signal } = {}) =>
      (
        await callStream(transport, {
          method: "GET",
          path: withQuery(path, query ?? {}),
          headers: { accept: "*/*", ...headers },
          signal,
        })
      ).body,
    close: () => transport.close(),
  };
}

interface WriteOptions {
  signal?: AbortSignal;
  fieldManager?: string;
  dryRun?: boolean;
}

function listQuery(options: ListCallOptions): Query {
  const { labelSelector, fieldSelector, limit, resourceVersion } = options;
  return { labelSelector, fieldSelector, limit, continue: options.continue, resourceVersion };
}

function typedList<T extends KubeObject>(list: KubeList<T>, resource: Resource<T>): KubeList<T> {
  list.items ??= [];
  for (const item of list.items) withType(item, resource);
  return list;
}

function deleteBody({ gracePeriodSeconds, propagationPolicy, preconditions }: DeleteOptions): unknown {
  if (gracePeriodSeconds === undefined && !propagationPolicy && !preconditions) return undefined;
  return { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds, propagationPolicy, preconditions };
}
