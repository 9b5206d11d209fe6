/** The way to a VMI's node agent: plain requests, and raw tunnels for console, VNC and ports. */
import https from "node:https";
import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { nodes } from "../../../api/core.ts";
import { annotations } from "../../../api/kubevirt/names.ts";
import type { VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { messageOf, StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Upstream } from "../../streams/upstream.ts";
import type { Answer, ExtensionContext } from "./context.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";

const timeoutMs = 30_000;

export async function agentUpstream(
  { client, agentTls }: ExtensionContext,
  vmi: VirtualMachineInstance,
  subpath: string,
): Promise<Upstream & { host: string; port: number }> {
  const endpoint = await agentEndpoint(client, vmi);
  const { namespace, name } = vmi.metadata ?? {};
  const path = `/v1/namespaces/${namespace}/virtualmachineinstances/${name}/${subpath}`;
  return {
    host: endpoint.hostname.replaceAll(/[[\]]/g, ""),
    port: Number(endpoint.port || 443),
    tls: agentTls(),
    path,
  };
}

async function agentEndpoint(client: Client, vmi: VirtualMachineInstance): Promise<URL> {
  const { nodeName } = vmi.status ?? {};
  if (!nodeName) throw new StatusError("Conflict", `VMI "${vmi.metadata?.name}" has not been assigned to a node yet`);
  const endpoint = await endpointAnnotation(client, nodeName);
  if (endpoint !== undefined && URL.canParse(endpoint)) return new URL(endpoint);
  const what = `node "${nodeName}" announces no VM agent (annotation ${annotations.agentEndpoint})`;
  throw new StatusError("ServiceUnavailable", `${what}: check that the agent runs there`);
}

async function endpointAnnotation(client: Client, nodeName: string): Promise<string | undefined> {
  const node = await unlessNotFound(client.get(nodes, { name: nodeName }));
  return node?.metadata?.annotations?.[annotations.agentEndpoint];
}

/** Asks the node agent; its answer, also a refusal, is the answer. @throws StatusError when it cannot be reached */
export async function askAgent(
  context: ExtensionContext,
  vmi: VirtualMachineInstance,
  method: string,
  subpath: string,
  body?: unknown,
): Promise<Answer> {
  const upstream = await agentUpstream(context, vmi, subpath);
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const response = await send(upstream, method, payload);
  const contentType = response.headers["content-type"];
  return { code: response.statusCode ?? 502, body: await buffer(response), ...(contentType && { contentType }) };
}

export function send(
  upstream: Upstream & { host: string },
  method: string,
  payload: Buffer | undefined,
): Promise<IncomingMessage> {
  const { host, port, path, tls } = upstream;
  const headers = payload && { "content-type": "application/json", "content-length": payload.length };
  return new Promise((resolve, reject) => {
    const request = https.request({ host, port, path, method, ...tls, headers, agent: false, timeout: timeoutMs });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
    request.on("error", (error) => {
      reject(
        new StatusError("ServiceUnavailable", `the VM agent at ${host}:${port} does not answer: ${messageOf(error)}`),
      );
    });
    request.on("response", resolve);
    request.end(payload);
  });
}
