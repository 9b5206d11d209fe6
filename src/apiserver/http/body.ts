/** Reading a request body: bounded; JSON, YAML or Kubernetes' protobuf. */
import { parse as parseYaml } from "yaml";
import type { ApiRequest } from "../../../api/admission.ts";
import { duplicateFields } from "../../apimachinery/schema/duplicate-fields.ts";
import { decodeProtobuf, protobufContentType } from "../protobuf/decode.ts";
import { messageOf, StatusError } from "../../base/errors.ts";

export const bodyLimitBytes = 3 * 1024 * 1024;

export async function readBody(request: ApiRequest): Promise<string> {
  return (await readBytes(request)).toString("utf8");
}

export interface Document {
  /** Undefined when the body is empty. */
  value: unknown;
  /** Paths of the fields that a JSON body gives more than once. */
  duplicates: string[];
}

/** The body as JSON, whatever it was sent as. @throws StatusError */
export async function readDocument(request: ApiRequest): Promise<Document> {
  const contentType = contentTypeOf(request);
  const bytes = await readBytes(request);
  if (bytes.length === 0) return { value: undefined, duplicates: [] };
  if (contentType === protobufContentType) return { value: decodeProtobuf(bytes), duplicates: [] };
  const text = bytes.toString("utf8");
  const value = parseBody(contentType, text);
  return { value, duplicates: contentType === "application/yaml" ? [] : duplicateFields(text) };
}

async function readBytes(request: ApiRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > bodyLimitBytes)
      throw new StatusError("RequestEntityTooLarge", `Request entity too large: limit is ${bodyLimitBytes}`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

export function contentTypeOf(request: ApiRequest): string {
  return (request.headers["content-type"] ?? "application/json").split(";")[0]?.trim().toLowerCase() ?? "";
}

const jsonTypes = new Set(["application/json", "", "text/plain", "application/x-www-form-urlencoded"]);

/** Parses a body by its media type. @throws StatusError BadRequest, UnsupportedMediaType */
export function parseBody(contentType: string, body: string): unknown {
  if (contentType === "application/yaml") return parse(body, parseYamlOrJson);
  if (contentType === "application/json" || jsonTypes.has(contentType) || contentType.endsWith("+json"))
    return parse(body, (text) => JSON.parse(text) as unknown);
  const message = `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`;
  throw new StatusError("UnsupportedMediaType", message);
}

/** Nearly all that is sent as YAML is JSON, which is a hundred times faster to parse. */
function parseYamlOrJson(text: string): unknown {
  if (!text.startsWith("{")) return parseYaml(text, { version: "1.1" }) as unknown;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return parseYaml(text, { version: "1.1" }) as unknown;
    throw error;
  }
}

function parse(body: string, parser: (text: string) => unknown): unknown {
  try {
    return parser(body);
  } catch (error) {
    throw new StatusError("BadRequest", `the request body cannot be parsed: ${messageOf(error)}`);
  }
}
