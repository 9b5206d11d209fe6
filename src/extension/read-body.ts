import type { ApiRequest } from "../../api/admission.ts";
import { StatusError } from "../base/errors.ts";

const defaultMaxBytes = 3 * 1024 * 1024;

/** The JSON of a request's body, or undefined when it is empty. @throws StatusError BadRequest, RequestEntityTooLarge */
export async function readBody(request: ApiRequest, maxBytes = defaultMaxBytes): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new StatusError("RequestEntityTooLarge", `the request's body exceeds ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8").trim();
  return text === "" ? undefined : parse(text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new StatusError("BadRequest", `the request's body is not JSON: ${error.message}`);
    throw error;
  }
}
