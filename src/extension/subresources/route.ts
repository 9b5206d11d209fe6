/** From a request path to the endpoint it means. Pure. */
import { StatusError } from "../../base/errors.ts";
import { type Endpoint, endpoints, unavailable } from "./endpoints.ts";

export const group = "subresources.kubevirt.io";
export const versions = ["v1", "v1alpha3"] as const;

export type Route =
  | { type: "version" }
  | { type: "health" }
  | { type: "guestfs" }
  | { type: "expandVmSpec"; namespace: string }
  | { type: "endpoint"; endpoint: Endpoint; namespace: string; name: string; rest: readonly string[] };

/** @throws StatusError NotFound, MethodNotAllowed, or NotImplemented for what upstream has and vmpod does not yet */
export function parseRoute(pathname: string, method: string): Route {
  const [apis, pathGroup, version, ...parts] = pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decodeSegment);
  const served = apis === "apis" && pathGroup === group && versions.some((each) => each === version);
  if (!served) throw noSuchResource();
  const plain = plainRoutes[parts.join("/")];
  if (plain !== undefined) return plain;
  const [namespaces, namespace = "", plural = "", name = "", ...tail] = parts;
  if (namespaces !== "namespaces") throw noSuchResource();
  if (plural === "expand-vm-spec" && name === "") return { type: "expandVmSpec", namespace };
  return endpointRoute({ namespace, plural, name, tail }, method);
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError)
      throw new StatusError("BadRequest", `the path's segment "${segment}" is badly encoded`);
    throw error;
  }
}

const plainRoutes: Readonly<Record<string, Route>> = {
  version: { type: "version" },
  healthz: { type: "health" },
  guestfs: { type: "guestfs" },
};

interface Parts {
  namespace: string;
  plural: string;
  name: string;
  tail: readonly string[];
}

function endpointRoute({ namespace, plural, name, tail }: Parts, method: string): Route {
  const [first = "", second = ""] = tail;
  const found =
    endpoints.find((each) => each.plural === plural && each.subresource === `${first}/${second}`) ??
    endpoints.find((each) => each.plural === plural && each.subresource === first);
  if (found === undefined) throw missing(plural, first);
  if (found.method !== method)
    throw new StatusError("MethodNotAllowed", `${plural}/${first} answers ${found.method}, not ${method}`);
  const rest = tail.slice(found.subresource.split("/").length);
  return { type: "endpoint", endpoint: found, namespace, name, rest };
}

function missing(plural: string, subresource: string): StatusError {
  const feature = plural.startsWith("virtualmachine") ? unavailable.get(subresource) : undefined;
  if (feature === undefined) return noSuchResource();
  return notImplemented(`${plural}/${subresource}: ${feature} is not available yet in vmpod`);
}

export function notImplemented(message: string): StatusError {
  return new StatusError("NotImplemented", message, undefined, 501);
}

function noSuchResource(): StatusError {
  return new StatusError("NotFound", "the server could not find the requested resource");
}
