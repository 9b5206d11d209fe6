import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { type Authority, ensureCa, publicKeyHash } from "./authority.ts";
import { type CertificateRequest, ensureCertificate, issueCertificate, mustReissue } from "./certificate.ts";

const server: CertificateRequest = {
  commonName: "kube-apiserver",
  dnsNames: ["localhost", "kubernetes.default.svc.cluster.local"],
  ipAddresses: ["127.0.0.1", "10.43.0.1", "::1"],
  usages: ["server"],
};
const admin: CertificateRequest = {
  commonName: "kubernetes-admin",
  organizations: ["system:masters", "a, b + c"],
  usages: ["client"],
};
const dayMs = 24 * 60 * 60 * 1000;

describe("certificates", () => {
  let directory = "";
  let authority: Authority;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "vmpod-pki-"));
    authority = await ensureCa(directory);
  });
  after(() => rm(directory, { recursive: true }));

  it("an authority is made once, its key for its owner only", async () => {
    const again = await ensureCa(directory);
    assert.equal(again.certificatePem, authority.certificatePem);
    assert.equal((await stat(join(directory, "ca.key"))).mode & 0o777, 0o600);
    assert.match(publicKeyHash(again), /^sha256:[0-9a-f]{64}$/);
    const { ca, subject } = new X509Certificate(again.certificatePem);
    assert.deepEqual([ca, subject], [true, "CN=vmpod-ca"]);
    const pair = await issueCertificate(again, admin);
    assert.ok(new X509Certificate(pair.certificatePem).verify(new X509Certificate(authority.certificatePem).publicKey));
  });

  it("a pair that does not fit is refused, not replaced", async () => {
    const other = await mkdtemp(join(directory, "other-"));
    await ensureCa(other);
    await writeFile(join(other, "ca.crt"), authority.certificatePem);
    await assert.rejects(ensureCa(other), /ca\.key is not the key of ca\.crt/);
  });

  it("a client and a server know each other by them", async () => {
    const [serverPair, clientPair] = await Promise.all([
      issueCertificate(authority, server),
      issueCertificate(authority, admin),
    ]);
    const listener = createServer({
      key: serverPair.keyPem,
      cert: serverPair.certificatePem,
      ca: authority.certificatePem,
      requestCert: true,
      rejectUnauthorized: true,
    }).listen(0, "127.0.0.1");
    await once(listener, "listening");
    const socket = connect({
      port: (listener.address() as AddressInfo).port,
      host: "127.0.0.1",
      ca: authority.certificatePem,
      cert: clientPair.certificatePem,
      key: clientPair.keyPem,
    });
    const [accepted] = (await once(listener, "secureConnection")) as [TLSSocket];
    const { subject } = accepted.getPeerCertificate();
    assert.equal(subject.CN, "kubernetes-admin");
    assert.deepEqual(subject.O, ["system:masters", "a, b + c"]);
    socket.destroy();
    listener.close();
  });

  it("are kept while they fit the request, and issued anew otherwise", async () => {
    const first = await ensureCertificate(authority, directory, "apiserver", server);
    assert.deepEqual(await ensureCertificate(authority, directory, "apiserver", server), first);
    const reordered = { ...server, dnsNames: server.dnsNames?.toReversed() };
    assert.deepEqual(await ensureCertificate(authority, directory, "apiserver", reordered), first);
    const moved = await ensureCertificate(authority, directory, "apiserver", { ...server, ipAddresses: ["192.0.2.1"] });
    assert.notEqual(moved.certificatePem, first.certificatePem);
    assert.equal(await readFile(join(directory, "apiserver.crt"), "utf8"), moved.certificatePem);
    assert.equal((await stat(join(directory, "apiserver.key"))).mode & 0o777, 0o600);
  });

  it("are issued anew 30 days before they end, and when the authority changed", async () => {
    const { certificatePem } = await issueCertificate(authority, admin, { lifetimeMs: 100 * dayMs });
    assert.equal(mustReissue(authority, certificatePem, admin), false);
    assert.equal(mustReissue(authority, certificatePem, admin, Date.now() + 69 * dayMs), false);
    assert.equal(mustReissue(authority, certificatePem, admin, Date.now() + 71 * dayMs), true);
    const stranger = await ensureCa(await mkdtemp(join(directory, "stranger-")));
    assert.equal(mustReissue(stranger, certificatePem, admin), true);
    assert.equal(mustReissue(authority, certificatePem, { ...admin, organizations: [] }), true);
  });
});
