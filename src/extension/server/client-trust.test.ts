import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "../../base/property.fixture.ts";
import { type Authority, ensureCa } from "../../pki/authority.ts";
import { issueCertificate } from "../../pki/certificate.ts";
import { isVouchedFor, parseClientTrust } from "./client-trust.ts";

const dayMs = 24 * 60 * 60 * 1000;

describe("trust in clients", () => {
  let directory = "";
  /** Of one name: only their keys tell them apart. */
  let users: Authority;
  let proxies: Authority;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "vmpod-trust-"));
    users = await ensureCa(join(directory, "users"));
    proxies = await ensureCa(join(directory, "proxies"));
  });
  after(() => rm(directory, { recursive: true }));

  const published = (): Record<string, string> => ({
    "client-ca-file": users.certificatePem + proxies.certificatePem,
    "requestheader-client-ca-file": proxies.certificatePem,
    "requestheader-allowed-names": '["front-proxy-client"]',
    "requestheader-username-headers": '["X-Remote-User"]',
    "requestheader-group-headers": '["X-Remote-Group"]',
    "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
  });

  it("is read from what the cluster publishes", () => {
    const { trust, problems } = parseClientTrust(published());
    assert.deepEqual(problems, []);
    assert.equal(trust.clientAuthorities.length, 2);
    const { authorities, ...rest } = trust.frontProxy ?? assert.fail("no front proxy");
    assert.equal(authorities.length, 1);
    assert.deepEqual(rest, {
      allowedNames: ["front-proxy-client"],
      userHeaders: ["x-remote-user"],
      groupHeaders: ["x-remote-group"],
      uidHeaders: [],
      extraPrefixes: ["x-remote-extra-"],
    });
  });

  it("names what cannot be read, and trusts no front proxy rather than any", () => {
    const { trust, problems } = parseClientTrust({ ...published(), "requestheader-allowed-names": "any" });
    assert.deepEqual(problems, ["requestheader-allowed-names: any must be a JSON list of strings"]);
    assert.equal(trust.frontProxy, undefined);
    assert.equal(trust.clientAuthorities.length, 2);
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const partly = parseClientTrust({ "client-ca-file": broken + users.certificatePem });
    assert.equal(partly.trust.clientAuthorities.length, 1);
    assert.match(partly.problems[0] ?? "", /^client-ca-file: certificate 1 cannot be read/);
    assert.equal(parseClientTrust({}).trust.frontProxy, undefined);
  });

  it("survives any content: noise", () => {
    const keys = fc.constantFrom(...Object.keys(published()));
    fc.assert(
      fc.property(fc.dictionary(keys, fc.oneof(fc.string({ unit: "binary" }), fc.json())), (data) => {
        assert.equal(parseClientTrust(data).trust.frontProxy, undefined);
      }),
    );
  });

  it("follows a certificate to the authority that signed it, not to one of its name", async () => {
    const request = { commonName: "jane", usages: ["client" as const] };
    const { certificatePem } = await issueCertificate(users, request);
    const certificate = new X509Certificate(certificatePem);
    const [usersCa, proxiesCa] = [users, proxies].map((each) => new X509Certificate(each.certificatePem));
    assert.ok(usersCa && proxiesCa);
    assert.equal(usersCa.subject, proxiesCa.subject);
    assert.equal(isVouchedFor(certificate, [proxiesCa, usersCa]), true);
    assert.equal(isVouchedFor(certificate, [proxiesCa]), false);
    assert.equal(isVouchedFor(certificate, []), false);
    assert.equal(isVouchedFor(certificate, [usersCa], new Date(Date.now() + 366 * dayMs)), false);
    assert.equal(isVouchedFor(certificate, [usersCa], new Date(Date.now() - dayMs)), false);
  });
});
