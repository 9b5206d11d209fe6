import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from "../../cri/gen/grpc/health/v1/health.gen.ts";

export interface GrpcCheck {
  host: string;
  port: number;
  service: string;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** Asks the standard health service, without TLS as Kubernetes does. @returns whether it is SERVING */
export async function grpcHealthy({ host, port, service, timeoutMs, signal }: GrpcCheck): Promise<boolean> {
  const baseUrl = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  try {
    const health = createClient(Health, createGrpcTransport({ baseUrl, sessionManager }));
    const { status } = await health.check({ service }, { timeoutMs, signal });
    return status === ServingStatus.SERVING;
  } finally {
    sessionManager.abort();
  }
}
