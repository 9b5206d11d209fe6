/** `Impersonate-*` headers (`kubectl --as`): acts as somebody else, when the caller may do that. */
import type { ApiRequest, UserInfo } from "../../../api/admission.ts";
import { StatusError } from "../../base/errors.ts";
import { type Attributes, forbiddenMessage } from "../../http/attributes.ts";
import type { Authorizer } from "../rbac/authorizer.ts";

const extraPrefix = "impersonate-extra-";
const accountPrefix = "system:serviceaccount:";

/** The user to act as; the caller's own when no one is impersonated. @throws StatusError Forbidden */
export function impersonated(authorizer: Authorizer, request: ApiRequest, user: UserInfo): UserInfo {
  const name = one(request, "impersonate-user");
  const groups = all(request, "impersonate-group");
  const uid = one(request, "impersonate-uid");
  const extra = extraOf(request);
  if (name === undefined) {
    if (groups.length > 0 || uid !== undefined || Object.keys(extra).length > 0)
      throw new StatusError(
        "BadRequest",
        "requested impersonation of groups, a uid or extra values without impersonating a user",
      );
    return user;
  }
  const check = (resource: string, target: string, more: Partial<Attributes> = {}): void =>
    demand(authorizer, user, resource, target, more);
  const [namespace, account] = name.startsWith(accountPrefix) ? name.slice(accountPrefix.length).split(":") : [];
  if (account !== undefined) check("serviceaccounts", account, { namespace });
  else check("users", name);
  for (const group of groups) check("groups", group);
  if (uid !== undefined) check("uids", uid, { group: "authentication.k8s.io" });
  for (const [key, values] of Object.entries(extra))
    for (const value of values) check("userextras", value, { group: "authentication.k8s.io", subresource: key });
  return {
    name,
    groups: allGroups(name, groups, namespace),
    ...(uid !== undefined && { uid }),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function demand(
  authorizer: Authorizer,
  user: UserInfo,
  resource: string,
  name: string,
  more: Partial<Attributes>,
): void {
  const attributes: Attributes = {
    user,
    verb: "impersonate",
    group: "",
    version: "v1",
    resource,
    subresource: "",
    namespace: undefined,
    name,
    ...more,
  };
  if (authorizer.decide(attributes).allowed) return;
  throw new StatusError("Forbidden", `${resource} "${name}" is forbidden: ${forbiddenMessage(attributes)}`, {
    name,
    kind: resource,
  });
}

function allGroups(name: string, given: readonly string[], namespace: string | undefined): string[] {
  const implied = namespace === undefined ? [] : ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
  const everybody = name === "system:anonymous" ? "system:unauthenticated" : "system:authenticated";
  return [...new Set([...(given.length > 0 ? given : implied), everybody])];
}

function extraOf(request: ApiRequest): Record<string, string[]> {
  const names = Object.keys(request.headers).filter((name) => name.startsWith(extraPrefix));
  return Object.fromEntries(
    names.map((name) => [decodeURIComponent(name.slice(extraPrefix.length)), all(request, name)]),
  );
}

/** Repeated headers one by one: joined ones could not be told from values with a comma. */
function all(request: ApiRequest, name: string): string[] {
  const { rawHeaders } = request;
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? "");
  return values;
}

function one(request: ApiRequest, name: string): string | undefined {
  return all(request, name)[0];
}
