/** The objects every instance has from its first start: KubeVirt's kinds, that of more networks, the DNS Service, the default storage class. */
import { customResourceDefinitions } from "../../api/apiextensions.ts";
import { services } from "../../api/core.ts";
import { endpointSlices } from "../../api/discovery.ts";
import { customResourceDefinitions as kubevirtDefinitions } from "../../api/kubevirt/crds.ts";
import type { KubeObject, Resource } from "../../api/meta.ts";
import { networkAttachmentsCrd } from "../../api/network-attachments.ts";
import { storageClasses } from "../../api/storage.ts";
import { clusterDnsOf, type Instance, nodeAddressOf } from "../base/instance.ts";
import type { Client } from "../client/client.ts";

/** Server-side apply, so a later version changes only what it owns. */
export async function applyDefinitions(client: Client, instance: Instance): Promise<void> {
  const definitions = [...kubevirtDefinitions(), networkAttachmentsCrd()];
  await Promise.all(definitions.map((crd) => apply(client, customResourceDefinitions, crd)));
  await apply(client, services, dnsService(instance));
  await apply(client, endpointSlices, dnsEndpoints(instance));
  await apply(client, storageClasses, localStorageClass());
}

async function apply(client: Client, resource: Resource, body: KubeObject): Promise<void> {
  const { namespace, name = "" } = body.metadata ?? {};
  const key = namespace ? { namespace, name } : { name };
  await client.patch(resource, key, { type: "apply", body }, { fieldManager: "vmpod", force: true });
}

function dnsService(instance: Instance): KubeObject & Record<string, unknown> {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kube-dns", namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
    spec: {
      clusterIP: clusterDnsOf(instance),
      ports: [
        { name: "dns", protocol: "UDP", port: 53, targetPort: 53 },
        { name: "dns-tcp", protocol: "TCP", port: 53, targetPort: 53 },
      ],
    },
  };
}

/** The agent answers on the bridge. */
function dnsEndpoints(instance: Instance): KubeObject & Record<string, unknown> {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "kube-dns-node",
      namespace: "kube-system",
      labels: { "kubernetes.io/service-name": "kube-dns", "endpointslice.kubernetes.io/managed-by": "vmpod.dev" },
    },
    addressType: "IPv4",
    endpoints: [{ addresses: [nodeAddressOf(instance)], conditions: { ready: true } }],
    ports: [
      { name: "dns", protocol: "UDP", port: 53 },
      { name: "dns-tcp", protocol: "TCP", port: 53 },
    ],
  };
}

function localStorageClass(): KubeObject & Record<string, unknown> {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: "local", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
    provisioner: "vmpod.dev/local",
    reclaimPolicy: "Delete",
    volumeBindingMode: "Immediate",
  };
}
