/** Carries out one planned action. Each write is bound to the version that was planned for: a late one fails, and is planned anew. */
import { type Secret, secrets } from "../../../api/core.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { certificateSecrets } from "../../base/cluster-names.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { deleteThis } from "../../client/delete-this.ts";
import { generateAuthority, importAuthority } from "../../pki/authority.ts";
import { issueCertificate } from "../../pki/certificate.ts";
import type { EventRecorder } from "../../runtime/event-recorder.ts";
import type { Action, Reason } from "./plan.ts";
import { secretTypes } from "./secret-content.ts";
import { trustedSinceAnnotation } from "./situation.ts";

export interface ExecuteContext {
  client: Client;
  events: EventRecorder;
  namespace: string;
}

type ActionOf<T extends Action["type"]> = Extract<Action, { type: T }>;

export async function execute(context: ExecuteContext, action: Action, signal: AbortSignal): Promise<void> {
  const { client } = context;
  switch (action.type) {
    case "establishAuthority":
      return establishAuthority(context, action, signal);
    case "issue":
      return issue(context, action, signal);
    case "setBundle":
      return update(client, withData(action.secret, { "ca.crt": action.bundlePem }), signal);
    case "setCaBundle":
      await client.update(action.trusting.resource, action.changed, { signal });
      return;
    case "noteTrusted":
      return update(client, withAnnotation(action.secret, trustedSinceAnnotation, action.note), signal);
    case "forgetPrevious":
      return update(client, withoutData(action.secret, "previous.crt"), signal);
    case "remove":
      return remove(context, action, signal);
  }
}

async function establishAuthority(
  context: ExecuteContext,
  { secret, previousPem, reason, nowMs, lifetimeMs }: ActionOf<"establishAuthority">,
  signal: AbortSignal,
): Promise<void> {
  // A name of its own: bundles hold more than one.
  const commonName = `vmpod-ca@${Math.floor(nowMs / 1000)}`;
  const { certificatePem, keyPem } = await generateAuthority({ commonName, lifetimeMs, nowMs });
  const data = {
    "ca.crt": certificatePem,
    "ca.key": keyPem,
    ...(previousPem !== "" && { "previous.crt": previousPem }),
  };
  const { authority: name } = certificateSecrets;
  const kept = { ...secret, data: {} };
  await put(
    context,
    { name, type: secretTypes.authority, secret: secret && kept, data, what: `authority ${commonName}`, reason },
    signal,
  );
}

async function issue(context: ExecuteContext, action: ActionOf<"issue">, signal: AbortSignal): Promise<void> {
  const { secret, leaf, signer, bundlePem, reason, nowMs, lifetimeMs } = action;
  const authority = await importAuthority(signer.certificatePem, signer.keyPem);
  const pair = await issueCertificate(authority, leaf.request, { lifetimeMs, nowMs });
  const data = { "tls.crt": pair.certificatePem, "tls.key": pair.keyPem, "ca.crt": bundlePem };
  const what = `certificate of ${leaf.request.commonName}`;
  await put(context, { name: leaf.secretName, type: secretTypes.leaf, secret, data, what, reason }, signal);
}

interface Put {
  name: string;
  type: string;
  secret: Secret | undefined;
  data: Record<string, string>;
  /** Of what the event tells. */
  what: string;
  reason: Reason;
}

async function put(context: ExecuteContext, wanted: Put, signal: AbortSignal): Promise<void> {
  const { client, events } = context;
  const { what, reason } = wanted;
  const stored = await store(client, secretOf(context.namespace, wanted), wanted.secret !== undefined, signal);
  if (stored === undefined) return;
  if (reason.isReplacement)
    events.record(
      stored,
      "Warning",
      "CertificateReplaced",
      `Replaced what was in the place of the ${what}: ${reason.message}`,
    );
  else events.record(stored, "Normal", "CertificateIssued", `Made the ${what}: ${reason.message}`);
}

function secretOf(namespace: string, { name, type, secret, data }: Put): Secret {
  const fresh: Secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace, labels: { "app.kubernetes.io/managed-by": "vmpod-controller" } },
    type,
  };
  return withData(secret ?? fresh, data);
}

/** Undefined when somebody else made it meanwhile: the next observation shows theirs. */
async function store(
  client: Client,
  secret: Secret,
  isThere: boolean,
  signal: AbortSignal,
): Promise<Secret | undefined> {
  if (isThere) return client.update(secrets, secret, { signal });
  try {
    return await client.create(secrets, secret, { signal });
  } catch (error) {
    if (isStatus(error, "AlreadyExists")) return undefined;
    throw error;
  }
}

async function update(client: Client, secret: Secret, signal: AbortSignal): Promise<void> {
  await client.update(secrets, secret, { signal });
}

async function remove(
  { client, events }: ExecuteContext,
  { secret, why }: ActionOf<"remove">,
  signal: AbortSignal,
): Promise<void> {
  if (await deleteThis(client, secrets, secret, { signal }))
    events.record(secret, "Warning", "CertificateReplaced", `Removed the Secret to make it anew: ${why}`);
}

function withData(secret: Secret, texts: Record<string, string>): Secret {
  const encoded = Object.entries(texts).map(([name, text]) => [name, Buffer.from(text).toString("base64")]);
  return { ...secret, data: { ...secret.data, ...(Object.fromEntries(encoded) as Record<string, string>) } };
}

function withoutData(secret: Secret, name: string): Secret {
  const { [name]: _, ...data } = secret.data ?? {};
  return { ...secret, data };
}

function withAnnotation<T extends KubeObject>(object: T, name: string, value: string): T {
  const annotations = { ...object.metadata?.annotations, [name]: value };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
