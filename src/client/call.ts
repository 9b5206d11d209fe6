/** One API call: JSON in, JSON out, every failure a StatusError. */
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { InvariantError, messageOf, type Status, StatusError, UnreachableError } from "../base/errors.ts";
import type { Transport, TransportRequest, TransportResponse } from "./transport.ts";

/** How often a call that the server asked to repeat (429 with Retry-After) is repeated. */
const maximumRetries = 5;

export interface Call {
  method: string;
  path: string;
  body?: unknown;
  contentType?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** @throws StatusError with reason `Timeout` when the whole answer is not there in time */
export async function callJson<T>(transport: Transport, call: Call, timeoutMs: number): Promise<T> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const timed = { ...call, signal: call.signal ? AbortSignal.any([call.signal, deadline]) : deadline };
  try {
    const response = await callStream(transport, timed);
    const text = await readText(response, timed);
    return (text === "" ? undefined : parseAnswer(text, response, timed)) as T;
  } catch (error) {
    if (error !== deadline.reason) throw error;
    throw new StatusError("Timeout", `${call.method} ${call.path}: no answer within ${timeoutMs} ms`);
  }
}

/** @returns the answer with its body unread. @throws StatusError unless it is 2xx (or 101) */
export async function callStream(transport: Transport, call: Call): Promise<TransportResponse> {
  const request = requestOf(call);
  for (let attempt = 0; ; attempt++) {
    const response = await sendOnce(transport, request, call.method === "GET" && attempt === 0);
    if (response.status >= 200 && response.status < 300) return response;
    const error = await refusal(response, call);
    const waitMs = retryAfterMs(response);
    if (waitMs === undefined || attempt >= maximumRetries) throw error;
    await pause(waitMs, call.signal);
  }
}

/** @throws the signal's reason, as a request that it ends does */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

function requestOf({ method, path, body, contentType, headers, signal }: Call): TransportRequest {
  const content = body === undefined ? undefined : JSON.stringify(body);
  return {
    method,
    path,
    signal,
    body: content,
    headers: {
      accept: "application/json",
      ...(content && { "content-type": contentType ?? "application/json" }),
      ...headers,
    },
  };
}

/** A read is repeated once on a fresh connection: the old one may have died unnoticed with its server. */
async function sendOnce(
  transport: Transport,
  request: TransportRequest,
  mayRepeat: boolean,
): Promise<TransportResponse> {
  try {
    return await transport.send(request);
  } catch (error) {
    request.signal?.throwIfAborted();
    if (error instanceof InvariantError) throw error;
    if (mayRepeat) return sendOnce(transport, request, false);
    throw unreachable(request, error);
  }
}

async function readText(response: TransportResponse, call: Call): Promise<string> {
  try {
    return await textOf(response.body);
  } catch (error) {
    call.signal?.throwIfAborted();
    throw unreachable(call, error);
  }
}

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function parseAnswer(text: string, response: TransportResponse, call: Call): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    call.signal?.throwIfAborted();
    // A server killed while it answers truncates the text.
    const type = String(response.headers["content-type"] ?? "unknown type");
    throw unreachable(call, new Error(`the answer (${type}) is not complete JSON`, { cause: error }));
  }
}

async function refusal(response: TransportResponse, call: Call): Promise<StatusError> {
  const text = await readText(response, call);
  const status = statusIn(text);
  if (status) return StatusError.from({ ...status, code: status.code ?? response.status });
  const reason = reasonsByCode[response.status] ?? "InternalError";
  const detail = text.slice(0, 500) || `HTTP status ${response.status}`;
  return new StatusError(reason, `${call.method} ${call.path}: ${detail}`, undefined, response.status);
}

function statusIn(text: string): Partial<Status> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const parsed = JSON.parse(text) as Partial<Status>;
    return parsed.kind === "Status" ? parsed : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** For answers without a Status, e.g. from a proxy in between. */
const reasonsByCode: Record<number, string> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  502: "ServiceUnavailable",
  503: "ServiceUnavailable",
  504: "Timeout",
};

function retryAfterMs(response: TransportResponse): number | undefined {
  if (response.status !== 429 && response.status !== 503) return undefined;
  const seconds = Number(response.headers["retry-after"] ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.min(seconds, 30) * 1000 : undefined;
}

function unreachable({ method, path }: { method: string; path: string }, cause: unknown): StatusError {
  return new UnreachableError(`${method} ${path}: ${messageOf(cause)}`, cause);
}
