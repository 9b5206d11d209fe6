/**
 * The certificate authority of one installation: ECDSA P-256, a key and a self-signed certificate in a directory.
 *
 *   DIR/ca.crt   for everybody
 *   DIR/ca.key   0600; whoever reads it owns the cluster
 */
import "reflect-metadata";
import { createHash, createPrivateKey, type webcrypto, X509Certificate as NodeCertificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import { readTextIfThere, writeAtomically } from "../base/files.ts";
import { exportKeyPem, generateKeys, importKeyPem, randomSerial, signatureAlgorithm } from "./keys.ts";

const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
/** Clocks of other machines may be behind ours. */
export const backdateMs = 5 * 60 * 1000;

export interface Authority {
  certificatePem: string;
  certificate: x509.X509Certificate;
  privateKey: webcrypto.CryptoKey;
}

/** Reads the authority in `directory`, or makes it there. */
export async function ensureCa(directory: string, commonName = "vmpod-ca"): Promise<Authority> {
  const [certificatePem, keyPem] = await Promise.all([
    readTextIfThere(join(directory, "ca.crt")),
    readTextIfThere(join(directory, "ca.key")),
  ]);
  if (certificatePem && keyPem) return loadAuthority(certificatePem, keyPem, directory);
  return createAuthority(directory, commonName);
}

async function loadAuthority(certificatePem: string, keyPem: string, directory: string): Promise<Authority> {
  const parsed = new NodeCertificate(certificatePem);
  if (!parsed.checkPrivateKey(createPrivateKey(keyPem))) {
    throw new Error(`${directory}: ca.key is not the key of ca.crt; restore the pair, or remove both to start anew`);
  }
  if (parsed.validToDate.getTime() < Date.now()) {
    throw new Error(`${directory}/ca.crt: expired on ${parsed.validTo}; remove ca.crt and ca.key to start anew`);
  }
  return importAuthority(certificatePem, keyPem);
}

/** The two must be a pair. */
export async function importAuthority(certificatePem: string, keyPem: string): Promise<Authority> {
  const certificate = new x509.X509Certificate(certificatePem);
  return { certificatePem, certificate, privateKey: await importKeyPem(keyPem) };
}

async function createAuthority(directory: string, commonName: string): Promise<Authority> {
  const { keyPem, ...authority } = await generateAuthority({ commonName, lifetimeMs: authorityDays * dayMs });
  await mkdir(directory, { recursive: true, mode: 0o755 });
  // The certificate last: when it is there, the pair is complete.
  await writeAtomically(join(directory, "ca.key"), keyPem, 0o600);
  await writeAtomically(join(directory, "ca.crt"), authority.certificatePem, 0o644);
  return authority;
}

export interface AuthorityRequest {
  commonName: string;
  lifetimeMs: number;
  nowMs?: number;
}

export async function generateAuthority(request: AuthorityRequest): Promise<Authority & { keyPem: string }> {
  const { commonName, lifetimeMs, nowMs = Date.now() } = request;
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomSerial(),
    name: x509Name({ commonName }),
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + lifetimeMs),
    signingAlgorithm: signatureAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const keyPem = await exportKeyPem(keys.privateKey);
  return { certificatePem: pemOf(certificate), certificate, privateKey: keys.privateKey, keyPem };
}

export function x509Name({
  commonName,
  organizations = [],
}: {
  commonName: string;
  organizations?: string[];
}): x509.Name {
  return new x509.Name([...organizations.map((organization) => ({ O: [organization] })), { CN: [commonName] }]);
}

export function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString("pem").trim()}\n`;
}

/** `sha256:<hex>` of the public key, as `kubeadm join` pins it. */
export function publicKeyHash(authority: Authority): string {
  return `sha256:${createHash("sha256").update(Buffer.from(authority.certificate.publicKey.rawData)).digest("hex")}`;
}
