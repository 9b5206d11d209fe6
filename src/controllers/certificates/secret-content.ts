/**
 * What is in the Secrets. Pure; anybody who may write Secrets may have written anything there.
 *
 *   vmpod-ca    ca.crt ca.key         the authority that signs
 *               previous.crt          authorities that are still trusted, because what they signed may be in use
 *   the others  tls.crt tls.key       one certificate
 *               ca.crt                whom to trust: the one that signs, then the previous ones
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";
import type { Secret } from "../../../api/core.ts";
import { messageOf } from "../../base/errors.ts";
import { describesSame } from "../../pki/certificate.ts";
import { certificateBlocks } from "../../pki/pem.ts";
import type { Leaf } from "./leaves.ts";

export const secretTypes = { authority: "Opaque", leaf: "kubernetes.io/tls" } as const;

export type Content<T> = { state: "missing" } | { state: "broken"; why: string } | ({ state: "good" } & T);

export interface AuthorityContent {
  signer: X509Certificate;
  keyPem: string;
  previous: X509Certificate[];
}

export interface LeafContent {
  certificate: X509Certificate;
  /** `ca.crt`, as it is. */
  bundle: string;
}

/** Why content cannot be used. */
class ContentError extends Error {
  override readonly name = "ContentError";
}

export function readAuthority(secret: Secret | undefined, nowMs: number): Content<AuthorityContent> {
  return contentOf(secret, (present) => {
    const signer = pairOf(present, "ca.crt", "ca.key");
    if (!signer.ca) throw new ContentError("ca.crt is no certificate of an authority");
    refuseExpired("ca.crt", signer, nowMs);
    const previous = authoritiesIn(textOf(present, "previous.crt")).filter((each) => !isExpired(each, nowMs));
    return { signer, keyPem: textOf(present, "ca.key"), previous };
  });
}

export function readLeaf(
  secret: Secret | undefined,
  { request }: Leaf,
  trusted: readonly X509Certificate[],
  nowMs: number,
): Content<LeafContent> {
  return contentOf(secret, (present) => {
    const certificate = pairOf(present, "tls.crt", "tls.key");
    refuseExpired("tls.crt", certificate, nowMs);
    if (!trusted.some((authority) => isSignedBy(certificate, authority)))
      throw new ContentError("tls.crt is not signed by vmpod's authority");
    if (!describesSame(new x509.X509Certificate(certificate.raw), request))
      throw new ContentError(`tls.crt is for other names than ${request.commonName}`);
    return { certificate, bundle: textOf(present, "ca.crt") };
  });
}

/** The authorities in the bundle beside a certificate, if it is by one of them: somebody may be using what they signed. */
export function authoritiesInUse(secret: Secret | undefined, nowMs: number): X509Certificate[] {
  const content = contentOf(secret, (present) => {
    const certificate = pairOf(present, "tls.crt", "tls.key");
    const all = authoritiesIn(textOf(present, "ca.crt")).filter((each) => each.ca && !isExpired(each, nowMs));
    return { authorities: all.some((each) => isSignedBy(certificate, each)) ? all : [] };
  });
  return content.state === "good" ? content.authorities : [];
}

export function isSignedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

export function pemBundle(certificates: readonly X509Certificate[]): string {
  return certificates.map(String).join("");
}

function contentOf<T>(secret: Secret | undefined, read: (present: Secret) => T): Content<T> {
  if (secret === undefined) return { state: "missing" };
  try {
    return { state: "good", ...read(secret) };
  } catch (error) {
    if (error instanceof ContentError) return { state: "broken", why: error.message };
    throw error;
  }
}

function pairOf(secret: Secret, certificateName: string, keyName: string): X509Certificate {
  const certificate = parsed(certificateName, () => new X509Certificate(textOf(secret, certificateName)));
  const key = parsed(keyName, () => createPrivateKey(textOf(secret, keyName)));
  if (!certificate.checkPrivateKey(key)) throw new ContentError(`${keyName} is not the key of ${certificateName}`);
  return certificate;
}

function parsed<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new ContentError(`${name} cannot be read: ${messageOf(error)}`);
  }
}

function authoritiesIn(bundle: string): X509Certificate[] {
  return certificateBlocks(bundle).flatMap((pem) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      // A part that is none vouches for nothing.
      return [];
    }
  });
}

function textOf(secret: Secret, name: string): string {
  return Buffer.from(secret.data?.[name] ?? "", "base64").toString("utf8");
}

function refuseExpired(name: string, certificate: X509Certificate, nowMs: number): void {
  if (isExpired(certificate, nowMs)) throw new ContentError(`${name} expired on ${certificate.validTo}`);
}

function isExpired({ validToDate }: X509Certificate, nowMs: number): boolean {
  return validToDate.getTime() <= nowMs;
}
