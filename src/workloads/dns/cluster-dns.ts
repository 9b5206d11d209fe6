/** Runs the DNS server over live Services and EndpointSlices. */
import type { Namespace, Service } from "../../../api/core.ts";
import { namespaces, services } from "../../../api/core.ts";
import type { EndpointSlice } from "../../../api/discovery.ts";
import { endpointSlices } from "../../../api/discovery.ts";
import type { Resource } from "../../../api/meta.ts";
import type { Logger } from "../../base/log.ts";
import type { Client } from "../../client/client.ts";
import { createInformer } from "../../client/create-informer.ts";
import type { DnsZone } from "./records.ts";
import { startDnsServer } from "./server.ts";

export interface ClusterDnsOptions {
  client: Client;
  domain: string;
  address: string;
  /** Default 53. */
  port?: number;
  /** EndpointSlices in the version that the cluster serves (default v1). */
  slices?: Resource<EndpointSlice>;
  log: Logger;
  signal: AbortSignal;
}

/** Resolves when the server answers from complete data. */
export async function startClusterDns({
  client,
  domain,
  signal,
  slices = endpointSlices,
  ...options
}: ClusterDnsOptions): Promise<void> {
  const zone = {
    services: createInformer<Service>(client, services),
    namespaces: createInformer<Namespace>(client, namespaces),
    slices: createInformer<EndpointSlice>(client, slices, {
      indexes: {
        service: ({ metadata }) => [`${metadata?.namespace}/${metadata?.labels?.["kubernetes.io/service-name"]}`],
      },
    }),
  };
  for (const informer of Object.values(zone)) informer.start(signal);
  await Promise.all(Object.values(zone).map((informer) => informer.synced()));
  const view: DnsZone = {
    domain,
    service: (namespace, name) => zone.services.get(namespace, name),
    services: () => zone.services.list(),
    slices: (namespace, service) => zone.slices.byIndex("service", `${namespace}/${service}`),
    hasNamespace: (name) => zone.namespaces.get(undefined, name) !== undefined,
  };
  await startDnsServer({ zone: view, port: 53, signal, ...options });
}
