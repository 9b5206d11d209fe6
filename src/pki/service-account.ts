/** Service-account tokens: JWTs (ES256) of one signing key, with the claims that Kubernetes gives them. */
import { createHash, createPublicKey, type webcrypto } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { exportJWK, importPKCS8, importSPKI, type JWK, jwtVerify, type JWTPayload, SignJWT } from "jose";
import { readTextIfThere, writeAtomically } from "../base/files.ts";
import { exportKeyPem, generateKeys } from "./keys.ts";

const algorithm = "ES256";

export interface ServiceAccountKey {
  /** Identifies the key in a token's header and in the JWKS. */
  keyId: string;
  privateKey: webcrypto.CryptoKey;
  publicKey: webcrypto.CryptoKey;
}

export interface TokenRequest {
  issuer: string;
  audiences: string[];
  expirationSeconds: number;
  namespace: string;
  serviceAccount: { name: string; uid: string };
  /** The token is good only while this object lives. */
  boundObject?: { kind: "Pod" | "Secret" | "Node"; name: string; uid: string };
}

/** The private claim `kubernetes.io`. */
export interface KubernetesClaim {
  namespace: string;
  serviceaccount: { name: string; uid: string };
  pod?: { name: string; uid: string };
  secret?: { name: string; uid: string };
  node?: { name: string; uid: string };
}

export interface VerifiedToken extends JWTPayload {
  "kubernetes.io": KubernetesClaim;
}

/** Reads `DIR/sa.key`, or makes it. */
export async function ensureServiceAccountKey(directory: string): Promise<ServiceAccountKey> {
  const path = join(directory, "sa.key");
  const existing = await readTextIfThere(path);
  if (existing) return importServiceAccountKey(existing);
  const pem = await exportKeyPem((await generateKeys()).privateKey);
  await mkdir(directory, { recursive: true });
  await writeAtomically(path, pem, 0o600);
  return importServiceAccountKey(pem);
}

export async function importServiceAccountKey(privateKeyPem: string): Promise<ServiceAccountKey> {
  const publicPem = createPublicKey(privateKeyPem).export({ type: "spki", format: "pem" }) as string;
  return {
    keyId: createHash("sha256").update(publicPem).digest("base64url"),
    privateKey: await importPKCS8(privateKeyPem, algorithm),
    publicKey: await importSPKI(publicPem, algorithm, { extractable: true }),
  };
}

export function signServiceAccountToken(
  key: ServiceAccountKey,
  request: TokenRequest,
  nowSeconds = Math.floor(Date.now() / 1000),
): Promise<string> {
  const { namespace, serviceAccount, boundObject } = request;
  const claim: KubernetesClaim = { namespace, serviceaccount: serviceAccount };
  if (boundObject) {
    const field = boundObject.kind.toLowerCase() as "pod" | "secret" | "node";
    claim[field] = { name: boundObject.name, uid: boundObject.uid };
  }
  return new SignJWT({ "kubernetes.io": claim })
    .setProtectedHeader({ alg: algorithm, kid: key.keyId })
    .setIssuer(request.issuer)
    .setSubject(`system:serviceaccount:${namespace}:${serviceAccount.name}`)
    .setAudience(request.audiences)
    .setIssuedAt(nowSeconds)
    .setNotBefore(nowSeconds)
    .setExpirationTime(nowSeconds + request.expirationSeconds)
    .setJti(crypto.randomUUID())
    .sign(key.privateKey);
}

/**
 * Checks signature, issuer, audience and time; whether the bound objects still live is for the caller.
 * @throws jose's JOSEError
 */
export async function verifyServiceAccountToken(
  key: ServiceAccountKey,
  token: string,
  expected: { issuer: string; audiences: string[] },
): Promise<VerifiedToken> {
  const { payload } = await jwtVerify<VerifiedToken>(token, key.publicKey, {
    algorithms: [algorithm],
    issuer: expected.issuer,
    audience: expected.audiences,
    requiredClaims: ["sub", "exp", "kubernetes.io"],
  });
  return payload;
}

/** For `/openid/v1/jwks`. */
export async function publicJwk(key: ServiceAccountKey): Promise<JWK> {
  return { ...(await exportJWK(key.publicKey)), kid: key.keyId, alg: algorithm, use: "sig" };
}
