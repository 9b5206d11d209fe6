/** What a request does, as authorisation calls it. */
import type { ResourcePath } from "./path.ts";

/** A websocket is always opened by GET. What these do to a guest is not reading, so a right to `get` everything must not be enough. */
const creating: ReadonlySet<string> = new Set([
  "subresources.kubevirt.io/virtualmachineinstances/exec",
  "subresources.kubevirt.io/virtualmachineinstances/file",
]);

/** The verb as authorisation knows it; undefined for a method that means nothing here. */
export function verbOf(method: string, path: ResourcePath, query: URLSearchParams): string | undefined {
  const one = path.name !== undefined;
  if (method === "GET" && creating.has(`${path.group}/${path.plural}/${path.subresource}`)) return "create";
  switch (method) {
    case "GET":
    case "HEAD":
      if (path.watch || isTrue(query.get("watch"))) return "watch";
      return one ? "get" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return one ? "delete" : "deletecollection";
    default:
      return undefined;
  }
}

function isTrue(value: string | null): boolean {
  return value === "true" || value === "1";
}
