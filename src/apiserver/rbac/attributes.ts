/** What a request wants to do, in the terms of authorisation. */
import type { UserInfo } from "../../../api/admission.ts";

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
