/** Writing answers: JSON, and every failure as a `metav1.Status`. */
import { gzipSync } from "node:zlib";
import type { ApiRequest, ApiResponse } from "../../api/admission.ts";
import { messageOf, StatusError } from "../base/errors.ts";

export function answerJson(response: ApiResponse, code: number, body: unknown, contentType = "application/json"): void {
  answerText(response, code, JSON.stringify(body), contentType);
}

export function answerBytes(request: ApiRequest, response: ApiResponse, bytes: Buffer, contentType: string): void {
  const compressed = bytes.length >= compressAboveBytes && acceptsGzip(request);
  const body = compressed ? gzipSync(bytes, { level: 1 }) : bytes;
  response.statusCode = 200;
  if (compressed) response.setHeader("content-encoding", "gzip");
  response.setHeader("vary", "Accept, Accept-Encoding");
  response.setHeader("content-type", contentType);
  response.setHeader("content-length", body.length);
  response.end(body);
}

const compressAboveBytes = 128 * 1024;

function acceptsGzip(request: ApiRequest): boolean {
  return `${request.headers["accept-encoding"]}`.includes("gzip");
}

export function answerText(response: ApiResponse, code: number, body: string, contentType = "text/plain"): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(body);
  response.statusCode = code;
  response.setHeader("content-type", contentType);
  response.setHeader("content-length", bytes.length);
  // kubectl and browsers must not keep what may change at any time.
  response.setHeader("cache-control", "no-cache, private");
  response.end(bytes);
}

export function answerError(response: ApiResponse, error: unknown): StatusError {
  const failure = statusErrorOf(error);
  const retryAfter = failure.details?.retryAfterSeconds;
  if (retryAfter !== undefined && !response.headersSent) response.setHeader("retry-after", retryAfter);
  answerJson(response, failure.code, failure.toStatus());
  return failure;
}

export function statusErrorOf(error: unknown): StatusError {
  return error instanceof StatusError
    ? error
    : new StatusError("InternalError", `Internal error occurred: ${messageOf(error)}`);
}

/** Adds a `Warning: 299` header, as kubectl prints them. */
export function warn(response: ApiResponse, warnings: readonly string[]): void {
  if (warnings.length === 0 || response.headersSent) return;
  const values = warnings.map((warning) => `299 - "${warning.replaceAll(/[\\"]/g, "\\$&").replaceAll("\n", " ")}"`);
  response.setHeader("warning", values);
}

export function noSuchResource(): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource");
}
