/** Who sent a request, for the log: known once the request is authenticated. */
import type { ApiRequest, UserInfo } from "../../api/admission.ts";

const callers = new WeakMap<object, string>();

export function rememberCaller(request: ApiRequest, user: UserInfo): void {
  callers.set(request, user.name);
}

export function callerOf(request: ApiRequest): string | undefined {
  return callers.get(request);
}
