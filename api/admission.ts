/**
 * What runs inside the API server without belonging to it: admission plugins and delegated API groups.
 *
 * Structural interfaces only, so that whoever implements them (the VM extension) and the API server do
 * not know each other; `src/cmd` brings them together.
 *
 *   create/update: decode -> default -> mutate (each plugin, in order) -> validate fields -> validate (each plugin) -> store
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Duplex } from "node:stream";
import type { KubeObject, Resource } from "./meta.ts";

export interface UserInfo {
  name: string;
  groups: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

export interface AdmissionRequest<T extends KubeObject = KubeObject> {
  operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  resource: Pick<Resource, "group" | "version" | "plural" | "kind" | "namespaced">;
  /** Empty for the object itself, else e.g. `status`, `scale`. */
  subresource: string;
  namespace: string | undefined;
  /** Empty on create with `generateName`. */
  name: string;
  user: UserInfo;
  dryRun: boolean;
  /** The new object; undefined on DELETE. */
  object: T | undefined;
  /** The stored object; undefined on CREATE. Never changed by a plugin. */
  oldObject: T | undefined;
}

export interface AdmissionPlugin {
  readonly name: string;
  matches(request: AdmissionRequest): boolean;
  /** Returns the changed object (`request.object` may be changed in place and returned). @throws StatusError to refuse */
  mutate?(request: AdmissionRequest): KubeObject | Promise<KubeObject>;
  /** Returns warnings for the client. @throws StatusError to refuse, with reason Invalid and causes for bad fields */
  validate?(request: AdmissionRequest): string[] | void | Promise<string[] | void>;
}

/** A resource (or subresource `plural/sub`) that a delegate shows in discovery. */
export interface DelegatedResource {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  verbs: string[];
}

export type ApiRequest = IncomingMessage | Http2ServerRequest;
export type ApiResponse = ServerResponse | Http2ServerResponse;

/**
 * An API group served in process. Called after authentication and authorisation: a request
 * `.../virtualmachines/NAME/start` was authorised as resource `virtualmachines/start` in the group, with
 * the verb of its HTTP method (GET get, PUT/POST/PATCH update, create, patch).
 */
export interface ApiDelegate {
  readonly group: string;
  /** In order of preference. */
  readonly versions: readonly string[];
  resources(version: string): DelegatedResource[];
  /** OpenAPI v3 document of `/openapi/v3/apis/GROUP/VERSION`. */
  openapi?(version: string): unknown;
  /** Errors thrown (StatusError) become the answer. */
  handle(request: ApiRequest, response: ApiResponse, user: UserInfo): Promise<void>;
  /** HTTP/1.1 `Upgrade` requests (websocket). Errors thrown before the socket is used become the answer. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer, user: UserInfo): Promise<void>;
}
