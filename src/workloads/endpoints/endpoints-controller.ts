/** Publishes the pods behind each Service that has a selector, as EndpointSlices and as Endpoints. */
import { isDeepStrictEqual } from "node:util";
import { type Endpoints, endpoints, type Pod, type Service, services } from "../../../api/core.ts";
import { type EndpointSlice, endpointSlices } from "../../../api/discovery.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import { objectKey, parseObjectKey } from "../../runtime/object-key.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, runReconciler } from "../../runtime/run-reconciler.ts";
import { selects } from "../../apimachinery/selector/selects.ts";
import { typed } from "../pods.ts";
import { desiredEndpoints, desiredSlices, managedBy, serviceNameLabel } from "./plan.ts";

export interface EndpointsControllerOptions {
  client: Client;
  services: Informer<Service>;
  pods: Informer<Pod>;
  slices: Informer<EndpointSlice>;
  endpoints: Informer<Endpoints>;
  signal: AbortSignal;
}

interface Observation {
  service: Service;
  pods: Pod[];
  slices: EndpointSlice[];
  endpoints: Endpoints | undefined;
}

type Action =
  | { kind: "write"; resource: Resource; object: KubeObject; existing: KubeObject | undefined }
  | { kind: "delete"; resource: Resource; object: KubeObject };

export function startEndpointsController(options: EndpointsControllerOptions): void {
  const loop = runReconciler(endpointsReconciler(options), { signal: options.signal });
  enqueueOnChange(loop, options.services);
  enqueueOnChange(loop, options.pods, (pod) =>
    options.services
      .list(pod.metadata?.namespace)
      .filter((service) => selectsPod(service, pod))
      .map(objectKey),
  );
  enqueueOnChange(loop, options.slices, ({ metadata }) =>
    metadata?.labels?.[serviceNameLabel] ? [`${metadata.namespace}/${metadata.labels[serviceNameLabel]}`] : [],
  );
  enqueueOnChange(loop, options.endpoints);
}

function endpointsReconciler(options: EndpointsControllerOptions): Reconciler<Observation, Action> {
  return {
    name: "endpoints",
    async observe(key) {
      await Promise.all(
        [options.services, options.pods, options.slices, options.endpoints].map((each) => each.synced()),
      );
      const { namespace, name } = parseObjectKey(key);
      const found = options.services.get(namespace, name);
      if (!found || found.metadata?.deletionTimestamp || !found.spec?.selector) return undefined;
      const service = typed(services, found);
      return {
        service,
        pods: options.pods.list(namespace).filter((pod) => selectsPod(service, pod)),
        slices: options.slices
          .list(namespace)
          .filter(({ metadata }) => metadata?.labels?.[serviceNameLabel] === name)
          .filter(({ metadata }) => metadata?.labels?.["endpointslice.kubernetes.io/managed-by"] === managedBy),
        endpoints: options.endpoints.get(namespace, name),
      };
    },
    plan,
    execute: (action) => execute(options.client, action),
  };
}

function plan({ service, pods, slices, endpoints: existing }: Observation): Action[] {
  const wanted = desiredSlices(service, pods);
  const writes = [
    ...wanted.map((object) => ({
      resource: endpointSlices as Resource,
      object: object as KubeObject,
      existing: slices.find(({ metadata }) => metadata?.name === object.metadata?.name) as KubeObject | undefined,
    })),
    { resource: endpoints as Resource, object: desiredEndpoints(service, pods), existing },
  ];
  const surplus = slices.filter(({ metadata }) => !wanted.some((slice) => slice.metadata?.name === metadata?.name));
  return [
    ...writes
      .filter((write) => !saysSame(write.existing, write.object))
      .map((write) => ({ kind: "write" as const, ...write })),
    ...surplus.map((object) => ({ kind: "delete" as const, resource: endpointSlices as Resource, object })),
  ];
}

async function execute(client: Client, action: Action): Promise<void> {
  const { namespace = "", name = "" } = action.object.metadata ?? {};
  if (action.kind === "delete") {
    await client.delete(action.resource, { namespace, name }).catch((error: unknown) => {
      if (!isStatus(error, "NotFound")) throw error;
    });
  } else if (action.existing) {
    const { resourceVersion } = action.existing.metadata ?? {};
    await client.update(action.resource, {
      ...action.object,
      metadata: { ...action.object.metadata, resourceVersion },
    });
  } else {
    await client.create(action.resource, action.object).catch((error: unknown) => {
      // Ours of a moment ago: when the informer shows it, it is compared again.
      if (!isStatus(error, "AlreadyExists")) throw error;
    });
  }
}

/** Only what we write counts; the server adds metadata of its own. */
function saysSame(existing: KubeObject | undefined, wanted: KubeObject): boolean {
  if (!existing) return false;
  const { apiVersion: _a, kind: _k, metadata, ...content } = wanted as KubeObject & Record<string, unknown>;
  const present = existing as KubeObject & Record<string, unknown>;
  return (
    isDeepStrictEqual(metadata?.labels, existing.metadata?.labels) &&
    Object.entries(content).every(([field, value]) => isDeepStrictEqual(clean(present[field]), clean(value)))
  );
}

function clean(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined || text === "[]" ? undefined : JSON.parse(text);
}

function selectsPod(service: Service, pod: Pod): boolean {
  const matchLabels = service.spec?.selector;
  return matchLabels !== undefined && selects({ matchLabels }, pod);
}
