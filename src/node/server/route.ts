/** `/v1/namespaces/NS/virtualmachineinstances/NAME/VERB...` taken apart. Pure. */

export interface Route {
  namespace: string;
  name: string;
  /** E.g. `console`, `vnc/screenshot`. */
  verb: string;
  /** What follows `portforward`. */
  rest: string[];
  query: URLSearchParams;
}

const prefix = /^\/v1\/namespaces\/([^/]+)\/virtualmachineinstances\/([^/]+)\/(.+)$/;

export function parseRoute(url: string): Route | undefined {
  const { pathname, searchParams } = new URL(url, "https://agent");
  const match = prefix.exec(pathname);
  if (!match) return undefined;
  const [namespace = "", name = "", path = ""] = match.slice(1).map(decodeURIComponent);
  const [verb = "", ...rest] = path.split("/").filter((part) => part !== "");
  return verb === "portforward"
    ? { namespace, name, verb, rest, query: searchParams }
    : { namespace, name, verb: [verb, ...rest].join("/"), rest: [], query: searchParams };
}
