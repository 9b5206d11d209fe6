/**
 * The container runtime's APIs over gRPC (h2c) on its unix socket: the CRI, and of containerd itself the event
 * stream, snapshots and container records, which the CRI lacks. Calls fail with connect's `ConnectError`; see `isCriError`.
 */
import { connect } from "node:net";
import { type Client, Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Containers } from "./gen/containerd/services/containers/v1/containers.gen.ts";
import { Events } from "./gen/containerd/services/events/v1/events.gen.ts";
import { Snapshots } from "./gen/containerd/services/snapshots/v1/snapshots.gen.ts";
import { ImageService, RuntimeService } from "./gen/runtime/v1/api.gen.ts";

export interface CriClient {
  readonly runtime: Client<typeof RuntimeService>;
  readonly images: Client<typeof ImageService>;
  readonly containers: Client<typeof Containers>;
  readonly events: Client<typeof Events>;
  readonly snapshots: Client<typeof Snapshots>;
  close(): void;
}

/** The containerd namespace in which its CRI plugin keeps everything. */
export const criNamespace = "k8s.io";

/** Longer than any call but an image pull should take; calls that wait longer say so themselves. */
const defaultTimeoutMs = 120_000;

/** Connects lazily, and again after the runtime was restarted. */
export function connectCri(socketPath: string): CriClient {
  const baseUrl = "http://localhost";
  const sessions = new Http2SessionManager(baseUrl, undefined, { createConnection: () => connect(socketPath) });
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager: sessions,
    interceptors: [inCriNamespace],
    defaultTimeoutMs,
  });
  return {
    runtime: createClient(RuntimeService, transport),
    images: createClient(ImageService, transport),
    containers: createClient(Containers, transport),
    events: createClient(Events, transport),
    snapshots: createClient(Snapshots, transport),
    close: () => sessions.abort(),
  };
}

const inCriNamespace: Interceptor = (next) => (request) => {
  request.header.set("containerd-namespace", criNamespace);
  return next(request);
};

/** Whether `error` is the runtime's answer with one of these codes (any code, when none is named). */
export function isCriError(error: unknown, ...codes: (keyof typeof Code)[]): error is ConnectError {
  return error instanceof ConnectError && (codes.length === 0 || codes.some((code) => Code[code] === error.code));
}
