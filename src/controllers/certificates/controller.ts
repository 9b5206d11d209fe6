/**
 * Keeps the certificates by which vmpod's parts in a cluster know each other, and by which the API server knows the extension.
 * One key stands for all: one authority is behind everything. Rules in ./plan.ts.
 */
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from "../../../api/admissionregistration.ts";
import { apiServices } from "../../../api/apiregistration.ts";
import { type Secret, secrets } from "../../../api/core.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import { certificateSecrets, extensionApiServices, webhookConfiguration } from "../../base/cluster-names.ts";
import type { Logger } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import type { Informer } from "../../client/informer.ts";
import { createEventRecorder, type EventRecorder } from "../../runtime/event-recorder.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { runReconciler } from "../../runtime/run-reconciler.ts";
import { type Clock, systemClock } from "../../runtime/workqueue.ts";
import { execute } from "./execute.ts";
import { leavesOf } from "./leaves.ts";
import { defaultLifetimes, type Lifetimes, type Observation } from "./observation.ts";
import { type Action, plan, requeueAfterMs } from "./plan.ts";
import type { TrustingObject } from "./trusting-objects.ts";

export interface CertificateControllerOptions {
  client: Client;
  /** Where vmpod is installed. */
  namespace: string;
  lifetimes?: Partial<Lifetimes>;
  log: Logger;
  signal: AbortSignal;
}

/** The one key. */
const everything = "certificates";
const slowMs = 30_000;

/** Resolves when the signal aborted and the work in flight ended. */
export async function startCertificateController(options: CertificateControllerOptions): Promise<void> {
  const { client, namespace, log, signal } = options;
  const watched = watchObjects(client, namespace);
  for (const informer of watched) informer.start(signal);
  const warning = setTimeout(
    () => log.warn("certificates wait until every object that they concern can be read"),
    slowMs,
  );
  await Promise.race([Promise.all(watched.map((informer) => informer.synced())), aborted(signal)]);
  clearTimeout(warning);
  if (signal.aborted) return;
  const events = createEventRecorder(client, { component: "vmpod-certificates" });
  const lifetimes = { ...defaultLifetimes, ...options.lifetimes };
  const reconciler = createCertificateReconciler({ client, namespace, events, watched, lifetimes });
  const loop = runReconciler(reconciler, { signal, log, concurrency: 1 });
  for (const informer of watched) informer.onChange(() => loop.enqueue(everything));
  loop.enqueue(everything);
  await loop.stopped;
}

export interface CertificateReconcilerContext {
  client: Client;
  namespace: string;
  events: EventRecorder;
  watched: readonly Informer<KubeObject>[];
  lifetimes: Lifetimes;
  clock?: Pick<Clock, "now">;
}

export function createCertificateReconciler(context: CertificateReconcilerContext): Reconciler<Observation, Action> {
  return {
    name: "certificates",
    observe: () => Promise.resolve(observe(context)),
    plan,
    execute: (action, signal) => execute(context, action, signal),
    requeueAfterMs,
  };
}

function observe({ namespace, watched, lifetimes, clock = systemClock }: CertificateReconcilerContext): Observation {
  const all = watched.flatMap((informer) => informer.list().map((object) => ({ resource: informer.resource, object })));
  const found = all.filter(({ resource }) => resource.plural === secrets.plural).map(({ object }) => object as Secret);
  const secretNamed = (name: string) => found.find(({ metadata }) => metadata?.name === name);
  return {
    namespace,
    nowMs: clock.now(),
    lifetimes,
    authoritySecret: secretNamed(certificateSecrets.authority),
    leaves: leavesOf(namespace).map((leaf) => ({ leaf, secret: secretNamed(leaf.secretName) })),
    trusting: all.filter(({ resource }) => resource.plural !== secrets.plural),
  };
}

/** Each by its name: nothing else of its kind is our business, nor should we be allowed to read it. */
function watchObjects(client: Client, namespace: string): Informer<KubeObject>[] {
  const named = (resource: Resource, name: string, within?: string): Informer<KubeObject> =>
    createInformer(client, resource, { fieldSelector: `metadata.name=${name}`, ...(within && { namespace: within }) });
  return [
    ...Object.values(certificateSecrets).map((name) => named(secrets, name, namespace)),
    ...[mutatingWebhookConfigurations, validatingWebhookConfigurations].map((each: Resource<TrustingObject>) =>
      named(each, webhookConfiguration),
    ),
    ...extensionApiServices.map((name) => named(apiServices, name)),
  ];
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
