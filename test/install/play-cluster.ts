/** Plays what a cluster's controllers, kubelets and vmpod's own controller would do about an installation: all goes well at once. */
import { mutatingWebhookConfigurations, validatingWebhookConfigurations } from "../../api/admissionregistration.ts";
import { customResourceDefinitions } from "../../api/apiextensions.ts";
import { apiServices } from "../../api/apiregistration.ts";
import { daemonSets, deployments } from "../../api/apps.ts";
import { namespaces } from "../../api/core.ts";
import type { KubeObject, Resource } from "../../api/meta.ts";
import { isStatus } from "../../src/base/errors.ts";
import type { Client } from "../../src/client/client.ts";
import { createInformer } from "../../src/client/create-informer.ts";

type Change = (object: KubeObject) => { body: object; subresource?: "status" } | undefined;

export function playCluster(client: Client, namespace: string, signal: AbortSignal): void {
  play(deployments, rollOut);
  play(daemonSets, rollOut);
  play(apiServices, answer);
  playExtension();
  play(mutatingWebhookConfigurations, trust);
  play(validatingWebhookConfigurations, trust);

  const emptied = createInformer(client, namespaces);
  emptied.onChange(({ type, object }) => {
    const { name, deletionTimestamp } = object.metadata ?? {};
    if (type === "deleted" || deletionTimestamp === undefined) return;
    client
      .request("PUT", `/api/v1/namespaces/${name}/finalize`, { ...object, spec: { finalizers: [] } })
      .catch(unlessGone);
  });
  emptied.start(signal);

  /** Something answers for the group as long as it is registered. */
  function playExtension(): void {
    const informer = createInformer(client, apiServices);
    informer.onChange(({ type, object }) => {
      if (object.metadata?.name !== "v1.subresources.kubevirt.io") return;
      if (type === "added") client.create(customResourceDefinitions, answering).catch(unlessGone);
      if (type === "deleted") {
        client.delete(customResourceDefinitions, { name: answering.metadata.name }).catch(unlessGone);
      }
    });
    informer.start(signal);
  }

  function unlessGone(error: unknown): void {
    if (!signal.aborted && !isStatus(error, "NotFound", "Conflict")) throw error;
  }

  function play(resource: Resource, change: Change): void {
    const informer = createInformer(client, resource, resource.namespaced ? { namespace } : {});
    informer.onChange(({ type, object }) => {
      const wanted = type === "deleted" ? undefined : change(object);
      if (wanted === undefined) return;
      const { name = "" } = object.metadata ?? {};
      const key = resource.namespaced ? { namespace, name } : { name };
      const { body, ...options } = wanted;
      client.patch(resource, key, { type: "merge", body }, options).catch(unlessGone);
    });
    informer.start(signal);
  }
}

const answering = {
  metadata: { name: "answers.subresources.kubevirt.io" },
  spec: {
    group: "subresources.kubevirt.io",
    scope: "Cluster" as const,
    names: { plural: "answers", singular: "answer", kind: "Answer", listKind: "AnswerList" },
    versions: ["v1", "v1alpha3"].map((name) => ({
      name,
      served: true,
      storage: name === "v1",
      schema: { openAPIV3Schema: { type: "object" } },
    })),
  },
};

function rollOut(object: KubeObject): ReturnType<Change> {
  const { spec, status } = object as { spec?: { replicas?: number }; status?: { observedGeneration?: number } };
  const generation = object.metadata?.generation ?? 1;
  if (status?.observedGeneration === generation) return undefined;
  const count = spec?.replicas ?? 1;
  const deployment = { replicas: count, updatedReplicas: count, availableReplicas: count };
  const daemonSet = {
    desiredNumberScheduled: 1,
    currentNumberScheduled: 1,
    numberMisscheduled: 0,
    numberReady: 1,
    updatedNumberScheduled: 1,
    numberAvailable: 1,
  };
  const counts = object.kind === "DaemonSet" ? daemonSet : deployment;
  return { body: { status: { observedGeneration: generation, ...counts } }, subresource: "status" };
}

function answer(object: KubeObject): ReturnType<Change> {
  const { status } = object as { status?: { conditions?: unknown[] } };
  if (status?.conditions?.length) return undefined;
  return { body: { status: { conditions: [{ type: "Available", status: "True" }] } }, subresource: "status" };
}

function trust(object: KubeObject): ReturnType<Change> {
  const { webhooks = [] } = object as { webhooks?: { clientConfig: { caBundle?: string } }[] };
  if (webhooks.every(({ clientConfig }) => clientConfig.caBundle)) return undefined;
  const caBundle = Buffer.from("authority").toString("base64");
  return {
    body: { webhooks: webhooks.map((each) => ({ ...each, clientConfig: { ...each.clientConfig, caBundle } })) },
  };
}
