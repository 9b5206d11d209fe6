import assert from "node:assert/strict";
import { before, test } from "node:test";
import { validatingWebhookConfigurations } from "../../../api/admissionregistration.ts";
import { apiServices } from "../../../api/apiregistration.ts";
import type { Secret } from "../../../api/core.ts";
import { certificateSecrets, defaultNamespace } from "../../base/cluster-names.ts";
import { type Authority, generateAuthority } from "../../pki/authority.ts";
import { issueCertificate } from "../../pki/certificate.ts";
import { leavesOf } from "./leaves.ts";
import { defaultLifetimes, type Observation } from "./observation.ts";
import { type Action, plan, requeueAfterMs } from "./plan.ts";
import { sampleApiService, sampleWebhooks } from "./sample.ts";
import { readAuthority, secretTypes } from "./secret-content.ts";
import { situationOf, trustedNote, trustedSinceAnnotation } from "./situation.ts";

const dayMs = 24 * 60 * 60 * 1000;
const startMs = Date.parse("2026-01-01T00:00:00Z");
const lifetimes = { ...defaultLifetimes, authorityMs: 3000 * dayMs, leafMs: 300 * dayMs };

function secretWith(name: string, type: string, texts: Record<string, string>): Secret {
  const data = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  const metadata = { name, namespace: defaultNamespace, uid: name, resourceVersion: "1" };
  return { metadata, type, data: Object.fromEntries(data) as Record<string, string> };
}

type FullAuthority = Authority & { keyPem: string };

function newAuthority(nowMs = startMs): Promise<FullAuthority> {
  return generateAuthority({ commonName: "vmpod-ca@1", lifetimeMs: lifetimes.authorityMs, nowMs });
}

let authority: FullAuthority;
let stranger: FullAuthority;
/** Everything is as it should be, at `startMs`. */
let settled: Observation;

before(async () => {
  [authority, stranger] = await Promise.all([newAuthority(), newAuthority()]);
  const leaves = leavesOf(defaultNamespace).map(async (leaf) => {
    const pair = await issueCertificate(authority, leaf.request, { lifetimeMs: lifetimes.leafMs, nowMs: startMs });
    const texts = { "tls.crt": pair.certificatePem, "tls.key": pair.keyPem, "ca.crt": authority.certificatePem };
    return { leaf, secret: secretWith(leaf.secretName, secretTypes.leaf, texts) };
  });
  const texts = { "ca.crt": authority.certificatePem, "ca.key": authority.keyPem };
  settled = noted({
    namespace: defaultNamespace,
    nowMs: startMs,
    lifetimes,
    authoritySecret: secretWith(certificateSecrets.authority, secretTypes.authority, texts),
    leaves: await Promise.all(leaves),
    trusting: [],
  });
});

/** With the note that everybody has had the bundle since now. */
function noted(observation: Observation): Observation {
  const { authoritySecret, nowMs } = observation;
  const content = readAuthority(authoritySecret, nowMs);
  assert.ok(content.state === "good");
  const annotations = { [trustedSinceAnnotation]: trustedNote(situationOf(observation, content)) };
  return {
    ...observation,
    authoritySecret: { ...authoritySecret, metadata: { ...authoritySecret?.metadata, annotations } },
  };
}

function withLeaf(texts: Record<string, string>, more: Partial<Secret> = {}): Observation {
  const [first, ...others] = settled.leaves;
  assert.ok(first);
  const old = first.secret?.data ?? {};
  const { data } = secretWith(first.leaf.secretName, secretTypes.leaf, texts);
  return {
    ...settled,
    leaves: [{ ...first, secret: { ...first.secret, data: { ...old, ...data }, ...more } }, ...others],
  };
}

function told(actions: readonly Action[]): string[] {
  return actions.map((action) => {
    if (action.type === "issue") return `issue ${action.leaf.secretName}: ${action.reason.message}`;
    if (action.type === "establishAuthority") return `establishAuthority: ${action.reason.message}`;
    return action.type;
  });
}

test("nothing is done when everything is as it should be, until two thirds of the shortest life", () => {
  assert.deepEqual(plan(settled), []);
  assert.equal(requeueAfterMs({ ...settled, nowMs: startMs + dayMs }), 199 * dayMs);
});

test("from nothing: first the authority, then the certificates, all at once", () => {
  const nothing = {
    ...settled,
    authoritySecret: undefined,
    leaves: settled.leaves.map(({ leaf }) => ({ leaf, secret: undefined })),
  };
  assert.deepEqual(told(plan(nothing)), ["establishAuthority: there was none"]);
  assert.deepEqual(told(plan({ ...nothing, authoritySecret: settled.authoritySecret })), [
    "issue vmpod-api-extension-tls: there was none",
    "issue vmpod-agent-tls: there was none",
    "issue vmpod-node-api-client: there was none",
  ]);
});

test("certificates are renewed at two thirds of their life", () => {
  assert.deepEqual(plan({ ...settled, nowMs: startMs + 199 * dayMs }), []);
  assert.equal(plan({ ...settled, nowMs: startMs + 200 * dayMs }).length, 3);
});

test("an authority is succeeded at two thirds of its life, and stays trusted", () => {
  assert.notEqual(plan({ ...settled, nowMs: startMs + 1999 * dayMs })[0]?.type, "establishAuthority");
  const [action] = plan({ ...settled, nowMs: startMs + 2000 * dayMs });
  assert.ok(action?.type === "establishAuthority");
  assert.equal(action.previousPem, authority.certificatePem);
  assert.equal(action.reason.isReplacement, false);
});

test("an authority that is lost stays trusted as long as its certificates are in use", () => {
  const [action] = plan({ ...settled, authoritySecret: undefined });
  assert.ok(action?.type === "establishAuthority");
  assert.equal(action.previousPem, authority.certificatePem);
});

test("a content that cannot be used is replaced, and the reason told", async () => {
  const [first] = settled.leaves;
  assert.ok(first);
  const { request } = first.leaf;
  const foreign = await issueCertificate(stranger, request, { nowMs: startMs });
  const other = await issueCertificate(authority, { ...request, commonName: "other" }, { nowMs: startMs });
  const old = await issueCertificate(authority, request, { nowMs: startMs - 400 * dayMs });
  const textsOf = ({ certificatePem, keyPem }: typeof foreign) => ({ "tls.crt": certificatePem, "tls.key": keyPem });
  const cases: [Record<string, string>, RegExp][] = [
    [{ "tls.crt": "noise" }, /^tls\.crt cannot be read: /],
    [{ "tls.key": "" }, /^tls\.key cannot be read: /],
    [{ "tls.key": foreign.keyPem }, /^tls\.key is not the key of tls\.crt$/],
    [textsOf(foreign), /^tls\.crt is not signed by vmpod's authority$/],
    [textsOf(other), /^tls\.crt is for other names than vmpod-api-extension$/],
    [textsOf(old), /^tls\.crt expired on /],
  ];
  for (const [texts, message] of cases) {
    const [action, ...others] = plan(withLeaf(texts));
    assert.ok(action?.type === "issue" && others.length === 0);
    assert.equal(action.reason.isReplacement, true);
    assert.match(action.reason.message, message);
  }
});

test("so is an authority's", () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ "ca.crt": "noise", "ca.key": authority.keyPem }, /^ca\.crt cannot be read/],
    [{ "ca.crt": authority.certificatePem, "ca.key": stranger.keyPem }, /^ca\.key is not the key of ca\.crt$/],
  ];
  for (const [texts, message] of cases) {
    const authoritySecret = secretWith(certificateSecrets.authority, secretTypes.authority, texts);
    const [action] = plan({ ...settled, authoritySecret });
    assert.ok(action?.type === "establishAuthority" && action.reason.isReplacement);
    assert.match(action.reason.message, message);
  }
});

test("a bundle that says something else is set right, the certificate stays", () => {
  assert.deepEqual(told(plan(withLeaf({ "ca.crt": "" }))), ["setBundle"]);
  assert.deepEqual(told(plan(withLeaf({ "ca.crt": stranger.certificatePem }))), ["setBundle"]);
});

test("a Secret that cannot be written is removed first", () => {
  assert.deepEqual(told(plan(withLeaf({}, { immutable: true }))), ["remove"]);
  assert.deepEqual(told(plan(withLeaf({}, { type: "Opaque" }))), ["remove"]);
});

test("the API server is told whom to trust, where it speaks of the extension and nowhere else", () => {
  const webhooks = { resource: validatingWebhookConfigurations, object: sampleWebhooks() };
  const apiService = { resource: apiServices, object: sampleApiService("v1.subresources.kubevirt.io") };
  const elsewhere = { ...webhooks, object: { ...sampleWebhooks(), webhooks: sampleWebhooks().webhooks?.slice(1) } };
  const actions = plan({ ...settled, trusting: [webhooks, apiService, elsewhere] });
  assert.deepEqual(told(actions), ["setCaBundle", "setCaBundle"]);
  const changed = actions.map((action) => (action.type === "setCaBundle" ? action.changed : undefined));
  const caBundle = Buffer.from(authority.certificatePem).toString("base64");
  const [ours, foreign] = sampleWebhooks().webhooks ?? [];
  assert.deepEqual(changed[0], {
    ...sampleWebhooks(),
    webhooks: [{ ...ours, clientConfig: { ...ours?.clientConfig, caBundle } }, foreign],
  });
  assert.deepEqual(changed[1], { ...apiService.object, spec: { ...apiService.object.spec, caBundle } });
  const trusting = [
    { ...webhooks, object: changed[0] ?? webhooks.object },
    { ...apiService, object: changed[1] ?? apiService.object },
  ];
  assert.deepEqual(plan({ ...settled, trusting }), []);
});
