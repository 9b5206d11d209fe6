/** Reading a request body: bounded, JSON or YAML. */
import { parse as parseYaml } from "yaml";
import type { ApiRequest } from "../../../api/admission.ts";
import { messageOf, StatusError } from "../../base/errors.ts";

export const bodyLimitBytes = 3 * 1024 * 1024;

export async function readBody(request: ApiRequest): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > bodyLimitBytes)
      throw new StatusError("RequestEntityTooLarge", `Request entity too large: limit is ${bodyLimitBytes}`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

export function contentTypeOf(request: ApiRequest): string {
  return (request.headers["content-type"] ?? "application/json").split(";")[0]?.trim().toLowerCase() ?? "";
}

const jsonTypes = new Set(["application/json", "", "text/plain", "application/x-www-form-urlencoded"]);

/** Parses a body by its media type. @throws StatusError BadRequest, UnsupportedMediaType */
export function parseBody(contentType: string, body: string): unknown {
  if (contentType === "application/yaml") return parse(body, (text) => parseYaml(text, { version: "1.1" }) as unknown);
  if (contentType === "application/json" || jsonTypes.has(contentType) || contentType.endsWith("+json"))
    return parse(body, (text) => JSON.parse(text) as unknown);
  const message = `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`;
  throw new StatusError("UnsupportedMediaType", message);
}

function parse(body: string, parser: (text: string) => unknown): unknown {
  try {
    return parser(body);
  } catch (error) {
    throw new StatusError("BadRequest", `the request body cannot be parsed: ${messageOf(error)}`);
  }
}
