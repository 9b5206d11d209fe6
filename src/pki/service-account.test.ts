import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { errors } from "jose";
import {
  ensureServiceAccountKey,
  publicJwk,
  type ServiceAccountKey,
  signServiceAccountToken,
  type TokenRequest,
  verifyServiceAccountToken,
} from "./service-account.ts";

const request: TokenRequest = {
  issuer: "https://kubernetes.default.svc.cluster.local",
  audiences: ["https://kubernetes.default.svc.cluster.local"],
  expirationSeconds: 3600,
  namespace: "default",
  serviceAccount: { name: "builder", uid: "u1" },
  boundObject: { kind: "Pod", name: "web", uid: "u2" },
};
const expected = { issuer: request.issuer, audiences: request.audiences };

describe("service-account tokens", () => {
  let directory = "";
  let key: ServiceAccountKey;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "vmpod-sa-"));
    key = await ensureServiceAccountKey(directory);
  });
  after(() => rm(directory, { recursive: true }));

  it("carry the claims of Kubernetes", async () => {
    const payload = await verifyServiceAccountToken(key, await signServiceAccountToken(key, request), expected);
    assert.equal(payload.sub, "system:serviceaccount:default:builder");
    assert.deepEqual(payload["kubernetes.io"], {
      namespace: "default",
      serviceaccount: { name: "builder", uid: "u1" },
      pod: { name: "web", uid: "u2" },
    });
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 3600);
  });

  it("are good across restarts, by the same key", async () => {
    const token = await signServiceAccountToken(key, request);
    const restarted = await ensureServiceAccountKey(directory);
    assert.equal(restarted.keyId, key.keyId);
    await verifyServiceAccountToken(restarted, token, expected);
  });

  it("are refused when expired, for another audience, or signed by another key", async () => {
    const old = await signServiceAccountToken(key, request, Math.floor(Date.now() / 1000) - 7200);
    await assert.rejects(verifyServiceAccountToken(key, old, expected), errors.JWTExpired);
    const token = await signServiceAccountToken(key, request);
    await assert.rejects(
      verifyServiceAccountToken(key, token, { ...expected, audiences: ["vault"] }),
      errors.JWTClaimValidationFailed,
    );
    const stranger = await ensureServiceAccountKey(await mkdtemp(join(directory, "other-")));
    await assert.rejects(verifyServiceAccountToken(stranger, token, expected), errors.JWSSignatureVerificationFailed);
  });

  it("can be checked by others through the public key alone", async () => {
    const jwk = await publicJwk(key);
    assert.deepEqual([jwk.kty, jwk.crv, jwk.alg, jwk.kid, jwk.d], ["EC", "P-256", "ES256", key.keyId, undefined]);
  });
});
