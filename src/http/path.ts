/**
 * The meaning of an API path, as Kubernetes' RequestInfo:
 *
 *   /api/v1/namespaces/NS/pods/NAME/log        /apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/SUBRESOURCE/rest...
 *   /api/v1/namespaces/NAME[/status|/finalize]  /apis/GROUP/VERSION/PLURAL/NAME
 *   /api/v1/watch/...                           the deprecated way to ask for a watch
 */
import type { ApiRequest } from "../../api/admission.ts";
import { StatusError } from "../base/errors.ts";

export interface ResourcePath {
  group: string;
  version: string;
  plural: string;
  namespace: string | undefined;
  name: string | undefined;
  subresource: string;
  /** What follows the subresource, e.g. the path of a proxy request. */
  rest: string[];
  watch: boolean;
}

const namespaceSubresources = new Set(["status", "finalize"]);

/** Undefined when the path does not name a resource. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const segments = path
    .split("/")
    .filter((segment) => segment !== "")
    .map(decodeSegment);
  const [root, ...tail] = segments;
  if (root === "api" && tail.length >= 2) return resourceIn("", tail[0] ?? "", tail.slice(1));
  if (root === "apis" && tail.length >= 3) return resourceIn(tail[0] ?? "", tail[1] ?? "", tail.slice(2));
  return undefined;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}

function resourceIn(group: string, version: string, segments: string[]): ResourcePath | undefined {
  const watch = segments[0] === "watch";
  const parts = watch ? segments.slice(1) : segments;
  if (parts.length === 0) return undefined;
  const base = { group, version, watch };
  const [first = "", second, third = "", ...rest] = parts;
  const isNamespace = first === "namespaces" && (parts.length < 3 || namespaceSubresources.has(third));
  if (first !== "namespaces") return { ...base, namespace: undefined, ...named(parts) };
  if (!isNamespace) return { ...base, namespace: second, ...named(parts.slice(2)) };
  return { ...base, plural: first, namespace: second, name: second, subresource: third, rest };
}

function named(parts: string[]): Pick<ResourcePath, "plural" | "name" | "subresource" | "rest"> {
  const [plural = "", name, subresource = "", ...rest] = parts;
  return { plural, name, subresource, rest };
}

/** @throws StatusError BadRequest */
export function urlOf(request: Pick<ApiRequest, "url">): URL {
  const target = request.url ?? "/";
  if (URL.canParse(target, "https://localhost")) return new URL(target, "https://localhost");
  throw new StatusError("BadRequest", `the request target ${JSON.stringify(target)} is not a URL path`);
}
