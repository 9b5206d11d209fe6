/**
 * The rules of the metadata service, as AWS' second version has them: nothing without a token, and a token only for who can
 * send a PUT with a header of its own, which a page or a proxy that was talked into a request cannot. Pure.
 */
import type { InstanceFacts } from "./metadata-tree.ts";
import { read } from "./metadata-tree.ts";
import type { Tokens } from "./tokens.ts";

export interface MetadataRequest {
  method: string;
  /** Without a query. */
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface MetadataAnswer {
  status: number;
  headers?: Record<string, string>;
  body: string | Uint8Array;
}

const ttlHeader = "x-aws-ec2-metadata-token-ttl-seconds";
const tokenHeader = "x-aws-ec2-metadata-token";
const tokenPath = "/latest/api/token";
const longestTtlSeconds = 21_600;

/** `facts` is asked only by who may know. */
export async function answer(
  request: MetadataRequest,
  tokens: Tokens,
  facts: () => Promise<InstanceFacts>,
): Promise<MetadataAnswer> {
  const { method, path, headers } = request;
  if (path === tokenPath) return method === "PUT" ? issue(headers, tokens) : refusal(405, "only PUT makes a token");
  if (method !== "GET" && method !== "HEAD") return refusal(405, "only GET is answered");
  if (!tokens.isValid(textOf(headers[tokenHeader]))) return refusal(401, `PUT ${tokenPath} first`);
  const body = read(await facts(), path);
  return body === undefined ? refusal(404, "there is no such path") : { status: 200, body };
}

function issue(headers: MetadataRequest["headers"], tokens: Tokens): MetadataAnswer {
  if (headers["x-forwarded-for"] !== undefined) return refusal(403, "not through a proxy");
  const text = textOf(headers[ttlHeader]);
  const ttlSeconds = Number(text);
  if (!/^\d{1,5}$/.test(text) || ttlSeconds < 1 || ttlSeconds > longestTtlSeconds)
    return refusal(400, `${ttlHeader} must be from 1 to ${longestTtlSeconds}`);
  return { status: 200, headers: { [ttlHeader]: text }, body: tokens.issue(ttlSeconds) };
}

function refusal(status: number, reason: string): MetadataAnswer {
  return { status, body: `${reason}\n` };
}

function textOf(value: string | string[] | undefined): string {
  return typeof value === "string" ? value : "";
}
