/**
 * Who sends a request, the first that applies:
 *
 *   front proxy        a certificate that its authority vouches for, of an allowed name  -> whom its headers name
 *   client certificate one that the cluster's client authority vouches for               -> CN, O
 *   bearer token       one that a TokenReview confirms                                   -> its answer
 *   otherwise          401
 *
 * Headers of anybody else mean nothing.
 */
import type { PeerCertificate, TLSSocket } from "node:tls";
import type { X509Certificate } from "node:crypto";
import type { ApiRequest, UserInfo } from "../../../api/admission.ts";
import { StatusError } from "../../base/errors.ts";
import { certificateUser } from "../../http/certificate-user.ts";
import { bearerOf } from "../../http/credentials.ts";
import { type ClientTrust, type FrontProxyTrust, isVouchedFor } from "./client-trust.ts";
import { userOfHeaders } from "./front-proxy.ts";
import type { ReviewToken } from "../../http/reviews/token-review.ts";

export type Authenticate = (request: ApiRequest) => Promise<UserInfo>;

export interface AuthenticateOptions {
  trust: () => ClientTrust;
  reviewToken: ReviewToken;
}

/** @throws StatusError Unauthorized */
export function createAuthenticate({ trust, reviewToken }: AuthenticateOptions): Authenticate {
  return async (request) => {
    const user = certifiedUser(request, trust()) ?? (await tokenUser(request, reviewToken));
    if (user === undefined) throw new StatusError("Unauthorized", "Unauthorized");
    return authenticated(user);
  };
}

function certifiedUser(request: ApiRequest, trust: ClientTrust): UserInfo | undefined {
  const socket = request.socket as TLSSocket;
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return undefined;
  const { frontProxy, clientAuthorities } = trust;
  const named =
    frontProxy && isFrontProxy(socket, certificate, frontProxy) && userOfHeaders(request.rawHeaders, frontProxy);
  if (named) return named;
  return isVouchedFor(certificate, clientAuthorities) ? certificateUser(socket) : undefined;
}

function isFrontProxy(socket: TLSSocket, certificate: X509Certificate, trust: FrontProxyTrust): boolean {
  const { subject } = socket.getPeerCertificate() as Partial<PeerCertificate>;
  const { allowedNames } = trust;
  const isAllowed = allowedNames.length === 0 || allowedNames.includes(String(subject?.CN ?? ""));
  return isAllowed && isVouchedFor(certificate, trust.authorities);
}

async function tokenUser(request: ApiRequest, reviewToken: ReviewToken): Promise<UserInfo | undefined> {
  const token = bearerOf(request);
  return token === undefined || token === "" ? undefined : reviewToken(token);
}

const everybody = "system:authenticated";
const nobody = { name: "system:anonymous", group: "system:unauthenticated" };

/** The front proxy also passes on who did not say who they are. */
function authenticated(user: UserInfo): UserInfo {
  const isKnown = user.name !== nobody.name && !user.groups.includes(nobody.group) && !user.groups.includes(everybody);
  return isKnown ? { ...user, groups: [...user.groups, everybody] } : user;
}
