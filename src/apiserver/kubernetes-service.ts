/** The Service `kubernetes` in `default`, by which pods reach the API server, with its endpoints. */
import { endpoints, services } from "../../api/core.ts";
import { endpointSlices } from "../../api/discovery.ts";
import type { KubeObject, Resource } from "../../api/meta.ts";
import { sameJson } from "../apimachinery/schema/same-json.ts";
import { nthAddress } from "../base/instance.ts";
import type { Logger } from "../base/log.ts";
import { InvariantError, messageOf } from "../base/errors.ts";
import type { Registry } from "./registry/registry.ts";
import { keyOf } from "./storage/keys.ts";
import type { Objects } from "./storage/objects.ts";
import { newMeta } from "./verbs/new-meta.ts";

export interface KubernetesServiceOptions {
  serviceCidrs: readonly string[];
  advertiseAddress: string;
  port: number;
}

const namespace = "default";
const name = "kubernetes";

/** Makes it now, and again whenever somebody deletes it. */
export async function keepKubernetesService(
  objects: Objects,
  registry: Registry,
  options: KubernetesServiceOptions,
  log: Logger,
): Promise<void> {
  await ensureKubernetesService(objects, registry, options);
  const own = new Set([services, endpoints, endpointSlices].map((resource) => keyOf(resource, namespace, name)));
  objects.cache.onEvent(({ type, entry }) => {
    if (type !== "DELETED" || !own.has(entry.key)) return;
    ensureKubernetesService(objects, registry, options).catch((error: unknown) =>
      log.error({ error: messageOf(error) }, "the Service kubernetes cannot be restored"),
    );
  });
}

async function ensureKubernetesService(
  objects: Objects,
  registry: Registry,
  options: KubernetesServiceOptions,
): Promise<void> {
  const { advertiseAddress, port } = options;
  const ports = [{ name: "https", port, protocol: "TCP" }];
  const labels = { "endpointslice.kubernetes.io/skip-mirror": "true" };
  await ensure(services, {
    metadata: { labels: { component: "apiserver", provider: "kubernetes" } },
    spec: serviceSpec(options),
  });
  await ensure(endpoints, { metadata: { labels }, subsets: [{ addresses: [{ ip: advertiseAddress }], ports }] });
  await ensure(endpointSlices, {
    metadata: { labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: [advertiseAddress], conditions: { ready: true } }],
    ports,
  });

  async function ensure(resource: Resource, content: object): Promise<void> {
    const kind = registry.findAny(resource.group, resource.plural);
    if (!kind) throw new InvariantError(`the kind ${resource.kind} is not registered`);
    const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
    const { metadata, ...rest } = content as KubeObject;
    const wanted = { apiVersion, kind: resource.kind, ...rest };
    const known = await objects.find(resource, namespace, name);
    if (!known)
      return void (await objects.create(kind, { ...wanted, metadata: { name, namespace, ...metadata, ...newMeta() } }));
    await objects.update(kind, { namespace, name }, (current) => {
      const next = { ...current, ...wanted };
      return sameJson(next, current) ? undefined : next;
    });
  }
}

function serviceSpec({ serviceCidrs: [serviceCidr = ""], port }: KubernetesServiceOptions) {
  const clusterIP = nthAddress(serviceCidr, 1);
  return {
    type: "ClusterIP",
    clusterIP,
    clusterIPs: [clusterIP],
    ipFamilies: ["IPv4"],
    ipFamilyPolicy: "SingleStack",
    internalTrafficPolicy: "Cluster",
    sessionAffinity: "None",
    ports: [{ name: "https", port: 443, protocol: "TCP", targetPort: port }],
  };
}
