/**
 * Who sends a request: a bearer token, else a client certificate, else nobody (`system:anonymous`).
 * A token that is not good refuses the request even when a good certificate came with it.
 */
import type { TLSSocket } from "node:tls";
import type { ApiRequest, UserInfo } from "../../../api/admission.ts";
import { StatusError } from "../../base/errors.ts";
import { certificateUser } from "../../http/certificate-user.ts";
import { bearerOf, connectionOf } from "../../http/credentials.ts";
import type { TokenAuthenticator } from "./tokens.ts";

export const anonymous: UserInfo = { name: "system:anonymous", groups: ["system:unauthenticated"] };

export type Authenticate = (request: ApiRequest) => Promise<UserInfo>;

export function createAuthenticate(tokens: TokenAuthenticator): Authenticate {
  /** Certificates are read once a connection. */
  const connections = new WeakMap<object, { user: UserInfo | undefined }>();
  return async (request) => {
    const token = bearerOf(request);
    if (token !== undefined) return tokenUser(tokens, token);
    const connection = connectionOf(request);
    const known = connections.get(connection) ?? { user: certificateUser(request.socket as TLSSocket) };
    connections.set(connection, known);
    return known.user ? authenticated(known.user) : anonymous;
  };
}

async function tokenUser(tokens: TokenAuthenticator, token: string): Promise<UserInfo> {
  const identity = await tokens.authenticate(token);
  if (!identity) throw new StatusError("Unauthorized", "Unauthorized");
  return authenticated(identity.user);
}

function authenticated(user: UserInfo): UserInfo {
  return { ...user, groups: [...new Set([...user.groups, "system:authenticated"])] };
}
