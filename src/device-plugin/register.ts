/** Introduces a plugin to the kubelet, which then calls it on the socket of that name. */
import { connect } from "node:net";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Registration } from "./gen/deviceplugin/v1beta1/api.gen.ts";

export const apiVersion = "v1beta1";

const timeoutMs = 5_000;

/** @throws ConnectError when the kubelet is not there or refuses */
export async function register(kubeletSocket: string, endpoint: string, resourceName: string): Promise<void> {
  const baseUrl = "http://localhost";
  const sessionManager = new Http2SessionManager(baseUrl, undefined, {
    createConnection: () => connect(kubeletSocket),
  });
  const transport = createGrpcTransport({ baseUrl, sessionManager, defaultTimeoutMs: timeoutMs });
  try {
    await createClient(Registration, transport).register({ version: apiVersion, endpoint, resourceName, options: {} });
  } finally {
    sessionManager.abort();
  }
}
