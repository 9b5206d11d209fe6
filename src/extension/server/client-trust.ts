/**
 * Whose client certificates count, as the cluster publishes it for every extension API server in ConfigMap
 * kube-system/extension-apiserver-authentication.
 *
 *   client-ca-file                the users' own certificates: CN is the user, O are the groups
 *   requestheader-client-ca-file  the front proxy (kube-apiserver's aggregator), which names the user in headers;
 *   requestheader-*               under which names of its own it comes, and in which headers
 *
 * Only one of the two authorities must ever let a caller name others, so a certificate is followed to the very one that
 * vouches for it: that a TLS library trusts it says only that some authority does.
 */
import { X509Certificate } from "node:crypto";
import { messageOf } from "../../base/errors.ts";
import { certificateBlocks } from "../../pki/pem.ts";

export interface FrontProxyTrust {
  authorities: readonly X509Certificate[];
  /** Common names; empty: any. */
  allowedNames: readonly string[];
  /** In lower case, as all header names here. */
  userHeaders: readonly string[];
  groupHeaders: readonly string[];
  uidHeaders: readonly string[];
  extraPrefixes: readonly string[];
}

export interface ClientTrust {
  clientAuthorities: readonly X509Certificate[];
  frontProxy: FrontProxyTrust | undefined;
}

export interface ParsedTrust {
  trust: ClientTrust;
  /** What could not be used, naming the key. */
  problems: string[];
}

export const noTrust: ClientTrust = { clientAuthorities: [], frontProxy: undefined };

type Data = Readonly<Record<string, string>>;

export function parseClientTrust(data: Data): ParsedTrust {
  const problems: string[] = [];
  const certificates = (key: string): X509Certificate[] => parseBundle(data[key] ?? "", key, problems);
  const names = (key: string): string[] | undefined => parseNames(data[key], key, problems);
  const headers = (key: string): string[] => (names(key) ?? []).map((name) => name.toLowerCase());
  const clientAuthorities = certificates("client-ca-file");
  const authorities = certificates("requestheader-client-ca-file");
  const allowedNames = names("requestheader-allowed-names");
  // A list of allowed names that cannot be read must not pass for an empty one, by which everybody is allowed.
  if (authorities.length === 0 || allowedNames === undefined)
    return { trust: { clientAuthorities, frontProxy: undefined }, problems };
  const frontProxy = {
    authorities,
    allowedNames,
    userHeaders: headers("requestheader-username-headers"),
    groupHeaders: headers("requestheader-group-headers"),
    uidHeaders: headers("requestheader-uid-headers"),
    extraPrefixes: headers("requestheader-extra-headers-prefix"),
  };
  return { trust: { clientAuthorities, frontProxy }, problems };
}

function parseBundle(text: string, key: string, problems: string[]): X509Certificate[] {
  return certificateBlocks(text).flatMap((pem, index) => {
    try {
      return [new X509Certificate(pem)];
    } catch (error) {
      problems.push(`${key}: certificate ${index + 1} cannot be read: ${messageOf(error)}`);
      return [];
    }
  });
}

/** Undefined when it cannot be read. */
function parseNames(text: string | undefined, key: string, problems: string[]): string[] | undefined {
  if (!text) return [];
  const value = parseJson(text);
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  problems.push(`${key}: ${text.slice(0, 64)} must be a JSON list of strings`);
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const longestChain = 5;

/** Follows the certificate, over intermediate ones that came with it, to one of the authorities. */
export function isVouchedFor(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  now = new Date(),
): boolean {
  let current: X509Certificate | undefined = certificate;
  for (let length = 0; current !== undefined && length < longestChain; length++) {
    const subject: X509Certificate = current;
    if (!isValidAt(subject, now)) return false;
    if (authorities.some((authority) => isValidAt(authority, now) && isSignedBy(subject, authority))) return true;
    const issuer: X509Certificate | undefined = subject.issuerCertificate;
    current = issuer?.ca && isSignedBy(subject, issuer) ? issuer : undefined;
  }
  return false;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isValidAt({ validFromDate, validToDate }: X509Certificate, now: Date): boolean {
  return validFromDate <= now && now <= validToDate;
}
