import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { HTTPGetAction } from "../../../api/core.ts";

export interface HttpGet extends Omit<HTTPGetAction, "port"> {
  port: number;
  /** The pod's address, when the action names no host. */
  defaultHost: string;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  status: number;
  body: string;
}

const mostBody = 1024;

/** One GET, redirects not followed. HTTPS certificates are not verified: the pod is its own authority. */
export function httpGet(get: HttpGet): Promise<HttpAnswer> {
  const secure = get.scheme === "HTTPS";
  const options = {
    host: get.host || get.defaultHost,
    port: get.port,
    path: get.path ?? "/",
    headers: headersOf(get),
    timeout: get.timeoutMs,
    agent: false as const,
    signal: get.signal,
    rejectUnauthorized: false,
  };
  return new Promise((resolve, reject) => {
    const call = (secure ? httpsRequest : httpRequest)(options, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        body = (body + chunk).slice(0, mostBody);
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    const timer = setTimeout(() => call.destroy(new Error(`no answer in ${get.timeoutMs} ms`)), get.timeoutMs);
    call.on("close", () => clearTimeout(timer));
    call.on("error", reject);
    call.end();
  });
}

function headersOf(get: HttpGet): Record<string, string> {
  const own = Object.fromEntries((get.httpHeaders ?? []).map(({ name, value }) => [name.toLowerCase(), value]));
  return { "user-agent": "kube-probe/1.30", accept: "*/*", ...own };
}
