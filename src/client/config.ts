/**
 * Where an API server is and how to prove who we are: what a kubeconfig context says, with files already read.
 */
import type { ConnectionOptions } from "node:tls";

export interface ClientConfig {
  /** `https://host:port`, or `http://host:port` for an unprotected proxy such as `kubectl proxy`. */
  server: string;
  /** PEM; the system's authorities when absent. */
  certificateAuthority?: string;
  clientCertificate?: string;
  clientKey?: string;
  /** Asked before each request, so that it may rotate. */
  token?: () => Promise<string>;
  insecureSkipTlsVerify?: boolean;
  /** Name to verify in the server's certificate when it differs from the host in `server`. */
  tlsServerName?: string;
  /** The context's default namespace; the client itself never applies it. */
  namespace?: string;
  /** For calls that have one answer. Default: 60 s. */
  requestTimeoutMs?: number;
  /** Sent as User-Agent, and as the field manager of writes that name none. */
  userAgent?: string;
}

/** TLS options for any connection to this server, also for websockets and raw upgrades. */
export function tlsOptionsOf(config: ClientConfig): ConnectionOptions {
  return {
    ...(config.certificateAuthority && { ca: config.certificateAuthority }),
    ...(config.clientCertificate && { cert: config.clientCertificate }),
    ...(config.clientKey && { key: config.clientKey }),
    ...(config.tlsServerName && { servername: config.tlsServerName }),
    rejectUnauthorized: config.insecureSkipTlsVerify !== true,
  };
}

/** The headers that identify the caller. */
export async function identityHeadersOf(config: ClientConfig): Promise<Record<string, string>> {
  const token = await config.token?.();
  return {
    "user-agent": config.userAgent ?? "vmpod",
    ...(token && { authorization: `Bearer ${token}` }),
  };
}
