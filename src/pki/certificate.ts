/** Certificates that the authority signs: who may connect, and under which name. */
import { X509Certificate as NodeCertificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { type Authority, backdateMs, pemOf, x509Name } from "./authority.ts";
import { readTextIfThere, writeAtomically } from "../base/files.ts";
import { exportKeyPem, generateKeys, randomSerial, signatureAlgorithm } from "./keys.ts";

const dayMs = 24 * 60 * 60 * 1000;
const defaultDays = 365;
const renewWithinDays = 30;

export type CertificateUsage = "server" | "client";

export interface CertificateRequest {
  /** For clients: the user. */
  commonName: string;
  /** For clients: the groups. */
  organizations?: string[];
  dnsNames?: string[];
  ipAddresses?: string[];
  usages: CertificateUsage[];
}

/** Never longer than the authority's own. */
export interface Validity {
  lifetimeMs?: number;
  nowMs?: number;
}

export interface KeyPair {
  certificatePem: string;
  keyPem: string;
}

const usageOids: Record<CertificateUsage, string> = {
  server: x509.ExtendedKeyUsage.serverAuth,
  client: x509.ExtendedKeyUsage.clientAuth,
};

export async function issueCertificate(
  authority: Authority,
  request: CertificateRequest,
  { lifetimeMs = defaultDays * dayMs, nowMs = Date.now() }: Validity = {},
): Promise<KeyPair> {
  const keys = await generateKeys();
  const expires = nowMs + lifetimeMs;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomSerial(),
    subject: x509Name(request),
    issuer: authority.certificate.subjectName,
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(Math.min(expires, authority.certificate.notAfter.getTime())),
    signingAlgorithm: signatureAlgorithm,
    signingKey: authority.privateKey,
    publicKey: keys.publicKey,
    extensions: await extensionsOf(authority, request),
  });
  return { certificatePem: pemOf(certificate), keyPem: await exportKeyPem(keys.privateKey) };
}

/**
 * The pair `DIR/<name>.{crt,key}` for the request: kept while it answers the request, was signed by this
 * authority and has 30 days left; else issued anew.
 */
export async function ensureCertificate(
  authority: Authority,
  directory: string,
  name: string,
  request: CertificateRequest,
): Promise<KeyPair> {
  const [certificatePath, keyPath] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
  const [certificatePem, keyPem] = await Promise.all([readTextIfThere(certificatePath), readTextIfThere(keyPath)]);
  if (certificatePem && keyPem && !mustReissue(authority, certificatePem, request)) return { certificatePem, keyPem };
  const pair = await issueCertificate(authority, request);
  await mkdir(directory, { recursive: true });
  await writeAtomically(keyPath, pair.keyPem, 0o600);
  await writeAtomically(certificatePath, pair.certificatePem, 0o644);
  return pair;
}

export function mustReissue(
  authority: Authority,
  certificatePem: string,
  request: CertificateRequest,
  now = Date.now(),
): boolean {
  const certificate = new NodeCertificate(certificatePem);
  const signer = new NodeCertificate(authority.certificatePem);
  return (
    certificate.validToDate.getTime() - now < renewWithinDays * dayMs ||
    !certificate.checkIssued(signer) ||
    !certificate.verify(signer.publicKey) ||
    !describesSame(new x509.X509Certificate(certificatePem), request)
  );
}

/** Whether it has the names that are asked for, and no others. */
export function describesSame(certificate: x509.X509Certificate, request: CertificateRequest): boolean {
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [];
  const has = names.map(({ type, value }) => `${type}:${value}`).sort();
  const wants = alternativeNames(request)
    .map(({ type, value }) => `${type}:${value}`)
    .sort();
  return certificate.subject === x509Name(request).toString() && has.join() === wants.join();
}

async function extensionsOf(authority: Authority, request: CertificateRequest): Promise<x509.Extension[]> {
  const names = alternativeNames(request);
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension(request.usages.map((usage) => usageOids[usage])),
    await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
  ];
}

function alternativeNames({ dnsNames = [], ipAddresses = [] }: CertificateRequest): x509.JsonGeneralName[] {
  return [
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...ipAddresses.map((value) => ({ type: "ip" as const, value })),
  ];
}
