/**
 * The API server's own way of a write, in process and without a port: fields are pruned and defaulted, plugins mutate, the schema and then
 * the plugins validate. What it would store is the answer; nothing is stored.
 */
import { customResourceDefinitions } from "../../api/kubevirt/crds.ts";
import type { ConfigurationSource } from "../../api/kubevirt/configuration.ts";
import { defaultConfiguration } from "../../api/kubevirt/configuration.ts";
import type { KubeObject, Resource } from "../../api/meta.ts";
import { servedKinds } from "../../src/apiserver/crd/served-kinds.ts";
import type { ServedKind } from "../../src/apiserver/registry/kind.ts";
import { createRegistry } from "../../src/apiserver/registry/registry.ts";
import { startCache } from "../../src/apiserver/storage/cache.ts";
import { createObjects } from "../../src/apiserver/storage/objects.ts";
import type { Api, Operation } from "../../src/apiserver/verbs/call.ts";
import { createObject } from "../../src/apiserver/verbs/create.ts";
import { placed } from "../../src/apiserver/verbs/decode.ts";
import { systemOperation } from "../../src/apiserver/verbs/system-operation.ts";
import { updateObject } from "../../src/apiserver/verbs/update.ts";
import { StatusError } from "../../src/base/errors.ts";
import { createAdmissionPlugins } from "../../src/extension/admission/plugins.ts";
import { embeddedComponents } from "../../src/extension/admission/own-components.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { world } from "./world.ts";

export type Verdict<T> = { object: T; warnings: string[] } | { refusal: StatusError };

export interface InProcessApi {
  kindOf(resource: Resource): ServedKind;
  /** @throws whatever is no refusal */
  create<T extends KubeObject>(resource: Resource<T>, object: object): Promise<Verdict<T>>;
  /** @returns it as it is stored, with its defaults */
  store<T extends KubeObject>(resource: Resource<T>, object: object): Promise<T>;
  /** Of what is stored under this name, which does not change. */
  update<T extends KubeObject>(resource: Resource<T>, name: string, object: object): Promise<Verdict<T>>;
}

const namespace = "default";
const user = { name: "jane", groups: ["system:authenticated"] };

export async function startInProcessApi(
  configuration: ConfigurationSource = () => defaultConfiguration,
): Promise<InProcessApi> {
  const store = createMemoryStore();
  const stopping = new AbortController();
  const cache = await startCache(store, stopping.signal, (error) => {
    throw error;
  });
  const registry = createRegistry([]);
  for (const definition of customResourceDefinitions())
    registry.setCustom(definition.metadata?.name ?? "", servedKinds(definition));
  const api = {
    registry,
    objects: createObjects(store, cache),
    admission: createAdmissionPlugins({ client: world, configuration, isOwnComponent: embeddedComponents }),
    stopping: stopping.signal,
    // The rest is for verbs that are not used here.
  } as unknown as Api;
  const kindOf = (resource: Resource): ServedKind => {
    const kind = registry.find(resource.group, resource.version, resource.plural);
    if (kind === undefined) throw new RangeError(`${resource.kind} is not served`);
    return kind;
  };
  const operationOn = (resource: Resource, name?: string): Operation => {
    const kind = kindOf(resource);
    return { ...systemOperation(api, kind, kind.namespaced ? namespace : undefined, name), user, dryRun: true };
  };
  return {
    kindOf,
    create: (resource, object) => {
      const operation = operationOn(resource);
      return verdictOf(operation, async () => createObject(operation, placed(operation, object)));
    },
    async store<T extends KubeObject>(resource: Resource<T>, object: object) {
      const operation = { ...operationOn(resource), dryRun: false };
      const entry = await createObject(operation, placed(operation, object));
      return entry.copy() as T;
    },
    update(resource, name, object) {
      const operation = operationOn(resource, name);
      return verdictOf(operation, async () => updateObject(operation, () => placed(operation, object)));
    },
  };
}

async function verdictOf<T>(operation: Operation, write: () => Promise<{ object: unknown }>): Promise<Verdict<T>> {
  try {
    const { object } = await write();
    return { object: object as T, warnings: operation.warnings };
  } catch (error) {
    if (error instanceof StatusError) return { refusal: error };
    throw error;
  }
}
