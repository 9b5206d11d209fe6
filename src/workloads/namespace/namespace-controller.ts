/**
 * Empties namespaces that are being deleted, then lets them go; and gives the living ones what every namespace has:
 * the `default` ServiceAccount and the ConfigMap with the cluster's authority.
 */
import { configMaps, type Namespace, namespaces, serviceAccounts } from "../../../api/core.ts";
import type { KubeObject, Resource } from "../../../api/meta.ts";
import { isStatus } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { Informer } from "../../client/informer.ts";
import type { Reconciler } from "../../runtime/reconciler.ts";
import { enqueueOnChange, runReconciler } from "../../runtime/run-reconciler.ts";
import { discoverResources } from "../discover.ts";

export interface NamespaceControllerOptions {
  client: Client;
  namespaces: Informer<Namespace>;
  /** PEM of the authority that pods should trust the API server by. */
  clusterCa: string;
  signal: AbortSignal;
}

interface Observation {
  namespace: Namespace;
  /** What is left in a namespace that is being deleted. */
  contents: { resource: Resource; object: KubeObject }[];
}

type Action =
  | { kind: "furnish"; name: string }
  | { kind: "empty"; name: string; resources: Resource[] }
  | { kind: "finalize"; namespace: Namespace };

const retryMs = 500;

export function startNamespaceController(options: NamespaceControllerOptions): void {
  const loop = runReconciler(namespaceReconciler(options), { signal: options.signal });
  enqueueOnChange(loop, options.namespaces);
}

function namespaceReconciler({
  client,
  namespaces: informer,
  clusterCa,
}: NamespaceControllerOptions): Reconciler<Observation, Action> {
  return {
    name: "namespace",
    async observe(key) {
      await informer.synced();
      const namespace = informer.get(undefined, key);
      if (!namespace) return undefined;
      return { namespace, contents: namespace.metadata?.deletionTimestamp ? await contentsOf(key) : [] };
    },
    plan({ namespace, contents }) {
      const name = namespace.metadata?.name ?? "";
      if (!namespace.metadata?.deletionTimestamp) return [{ kind: "furnish", name }];
      if (contents.length === 0) return [{ kind: "finalize", namespace }];
      const fresh = contents.filter(({ object }) => !object.metadata?.deletionTimestamp);
      return [{ kind: "empty", name, resources: [...new Set(fresh.map(({ resource }) => resource))] }];
    },
    execute,
    requeueAfterMs: ({ contents }) => (contents.length > 0 ? retryMs : undefined),
  };

  async function contentsOf(name: string): Promise<Observation["contents"]> {
    const resources = (await discoverResources(client)).filter(({ namespaced }) => namespaced);
    const lists = await Promise.all(
      resources.map(async (resource) => {
        const { items } = await client.list(resource, { namespace: name });
        return items.map((object) => ({ resource, object }));
      }),
    );
    return lists.flat().filter(({ resource }) => resource.plural !== "events");
  }

  async function execute(action: Action): Promise<void> {
    switch (action.kind) {
      case "furnish":
        return furnish(action.name);
      case "empty":
        for (const resource of action.resources)
          await client.request("DELETE", `${collectionOf(resource)}/namespaces/${action.name}/${resource.plural}`);
        return;
      case "finalize":
        return finalize(action.namespace);
    }
  }

  async function furnish(name: string): Promise<void> {
    const metadata = (object: string) => ({ name: object, namespace: name });
    await createUnlessThere(serviceAccounts, {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: metadata("default"),
    });
    await createUnlessThere(configMaps, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: metadata("kube-root-ca.crt"),
      data: { "ca.crt": clusterCa },
    });
  }

  async function createUnlessThere<T extends KubeObject>(resource: Resource<T>, object: T): Promise<void> {
    try {
      await client.create(resource, object);
    } catch (error) {
      if (!isStatus(error, "AlreadyExists", "NotFound")) throw error;
    }
  }

  async function finalize(namespace: Namespace): Promise<void> {
    const name = namespace.metadata?.name ?? "";
    await client.request("DELETE", `/api/v1/namespaces/${name}/events`);
    const finalizers = namespace.spec?.finalizers?.filter((each) => each !== "kubernetes") ?? [];
    const body = { ...namespace, apiVersion: "v1", kind: "Namespace", spec: { finalizers } };
    await client
      .request("PUT", `${collectionOf(namespaces)}/${namespaces.plural}/${name}/finalize`, body)
      .catch((error: unknown) => {
        if (!isStatus(error, "NotFound")) throw error;
      });
  }
}

function collectionOf({ group, version }: Resource): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}
