/** Asks the authoriser, and words its refusal as Kubernetes does. */
import type { UserInfo } from "../../../api/admission.ts";
import { StatusError } from "../../base/errors.ts";
import { type Attributes, forbiddenMessage } from "../rbac/attributes.ts";
import type { Authorizer } from "../rbac/authorizer.ts";
import type { ResourcePath } from "./path.ts";

/** @throws StatusError Forbidden; Unauthorized when nobody said who they are */
export function authorize(authorizer: Authorizer, attributes: Attributes): void {
  if (authorizer.decide(attributes).allowed) return;
  const { resource, group, name } = attributes;
  const what = attributes.nonResourcePath ?? `${resource}${group ? `.${group}` : ""}${name ? ` "${name}"` : ""}`;
  const details = resource ? { kind: resource, ...(group && { group }), ...(name && { name }) } : undefined;
  throw new StatusError("Forbidden", `${what} is forbidden: ${forbiddenMessage(attributes)}`, details);
}

export function resourceAttributes(user: UserInfo, path: ResourcePath, verb: string): Attributes {
  const { group, version, plural, subresource, namespace, name } = path;
  return { user, verb, group, version, resource: plural, subresource, namespace, name };
}

export function nonResourceAttributes(user: UserInfo, method: string, path: string): Attributes {
  const nothing = { group: "", version: "", resource: "", subresource: "", namespace: undefined, name: undefined };
  return { ...nothing, user, verb: method === "HEAD" ? "get" : method.toLowerCase(), nonResourcePath: path };
}
