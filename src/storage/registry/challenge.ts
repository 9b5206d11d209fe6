/**
 * How a registry wants to be asked (RFC 9110 challenges, the distribution project's token protocol).
 *
 *   401 Basic  --> the login itself
 *   401 Bearer realm, service, scope --> GET or POST realm with the login --> a token
 */
import type { RegistryLogin } from "./logins.ts";

export interface Challenge {
  scheme: string;
  parameters: Record<string, string>;
}

export function parseChallenge(header: string | null): Challenge {
  const [, scheme = "", rest = ""] = /^\s*(\S+)\s*(.*)$/s.exec(header ?? "") ?? [];
  const parameters = [...rest.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)].map(([, name = "", quoted, plain]) => [
    name.toLowerCase(),
    quoted ?? plain ?? "",
  ]);
  return { scheme: scheme.toLowerCase(), parameters: Object.fromEntries(parameters) as Record<string, string> };
}

export function basicAuthorization({ username, password }: RegistryLogin): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** The request that gets a token; without a login an anonymous one. */
export function tokenRequest({ parameters }: Challenge, login: RegistryLogin | undefined): Request {
  const { realm = "", service, scope } = parameters;
  const asked = { ...(service !== undefined && { service }), ...(scope !== undefined && { scope }) };
  if (login?.identityToken) {
    const body = { grant_type: "refresh_token", refresh_token: login.identityToken, client_id: "vmpod", ...asked };
    return new Request(realm, { method: "POST", body: new URLSearchParams(body) });
  }
  const url = new URL(realm);
  for (const [name, value] of Object.entries(asked)) url.searchParams.append(name, value);
  return new Request(url, { headers: login ? { authorization: basicAuthorization(login) } : {} });
}
