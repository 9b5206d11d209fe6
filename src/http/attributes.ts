/** What a request wants to do, in the terms of authorisation. */
import type { UserInfo } from "../../api/admission.ts";
import { StatusError } from "../base/errors.ts";
import type { ResourcePath } from "./path.ts";

export interface Attributes {
  user: UserInfo;
  verb: string;
  /** Undefined for resource requests. */
  nonResourcePath?: string;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  namespace: string | undefined;
  name: string | undefined;
}

export interface Decision {
  allowed: boolean;
  reason: string;
}

/** How the refusal reads in kubectl. */
export function forbiddenMessage(attributes: Attributes): string {
  const { user, verb, nonResourcePath, resource, subresource, group, namespace } = attributes;
  if (nonResourcePath !== undefined) return `User "${user.name}" cannot ${verb} path "${nonResourcePath}"`;
  const what = `resource "${resource}${subresource ? `/${subresource}` : ""}" in API group "${group}"`;
  const where = namespace === undefined ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return `User "${user.name}" cannot ${verb} ${what} ${where}`;
}

export function resourceAttributes(user: UserInfo, path: ResourcePath, verb: string): Attributes {
  const { group, version, plural, subresource, namespace, name } = path;
  return { user, verb, group, version, resource: plural, subresource, namespace, name };
}

export function nonResourceAttributes(user: UserInfo, method: string, path: string): Attributes {
  const nothing = { group: "", version: "", resource: "", subresource: "", namespace: undefined, name: undefined };
  return { ...nothing, user, verb: method === "HEAD" ? "get" : method.toLowerCase(), nonResourcePath: path };
}

/** The refusal as Kubernetes words it. */
export function forbidden(attributes: Attributes): StatusError {
  const { resource, group, name } = attributes;
  const what = attributes.nonResourcePath ?? `${resource}${group ? `.${group}` : ""}${name ? ` "${name}"` : ""}`;
  const details = resource ? { kind: resource, ...(group && { group }), ...(name && { name }) } : undefined;
  return new StatusError("Forbidden", `${what} is forbidden: ${forbiddenMessage(attributes)}`, details);
}
