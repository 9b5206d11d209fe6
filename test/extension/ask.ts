/** Requests to the extension, as its callers make them. */
import { request } from "node:https";
import http2 from "node:http2";
import { text } from "node:stream/consumers";
import type { IncomingHttpHeaders } from "node:http";
import type { KeyPair } from "../../src/pki/certificate.ts";
import type { ExtensionProcess } from "./extension-process.ts";

export interface Asked {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
  as?: KeyPair;
}

export interface Answered {
  code: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** Of the server's certificate. */
  serial: string;
}

const answerMs = 60_000;
export const serverName = "vmpod-api-extension.vmpod.svc";

export function tlsOf({ port, caPem }: Pick<ExtensionProcess, "port" | "caPem">, as?: KeyPair) {
  const identity = as && { cert: as.certificatePem, key: as.keyPem };
  return { host: "127.0.0.1", port, ca: caPem, servername: serverName, ...identity };
}

export function ask(extension: ExtensionProcess, path: string, asked: Asked = {}): Promise<Answered> {
  const { method = "GET", headers = {}, body, as } = asked;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(answerMs);
    const sent = request({ ...tlsOf(extension, as), agent: false, method, path, headers, signal }, async (response) => {
      const socket = response.socket as import("node:tls").TLSSocket;
      const serial = socket.getPeerX509Certificate()?.serialNumber ?? "";
      resolve({ code: response.statusCode ?? 0, headers: response.headers, text: await text(response), serial });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

export async function askJson<T = Record<string, unknown>>(
  extension: ExtensionProcess,
  path: string,
  asked: Asked = {},
): Promise<T & { code: number }> {
  const { code, text } = await ask(extension, path, asked);
  return { ...(JSON.parse(text) as T), code };
}

/** Over HTTP/2, as an API server's clients do. */
export async function askHttp2(extension: ExtensionProcess, path: string, asked: Asked = {}): Promise<Answered> {
  const session = http2.connect(`https://127.0.0.1:${extension.port}`, tlsOf(extension, asked.as));
  try {
    const stream = session.request({ ":path": path, ":method": asked.method ?? "GET", ...asked.headers });
    stream.end(asked.body);
    const headers = await new Promise<http2.IncomingHttpHeaders>((resolve, reject) => {
      stream.once("response", resolve);
      stream.once("error", reject);
      session.once("error", reject);
    });
    return { code: Number(headers[":status"]), headers, text: await text(stream), serial: "" };
  } finally {
    session.destroy();
  }
}
