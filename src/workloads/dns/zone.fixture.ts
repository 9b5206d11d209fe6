/** A small zone: a Service with a cluster IP, headless ones, and an alias. */
import type { Service } from "../../../api/core.ts";
import type { EndpointSlice } from "../../../api/discovery.ts";
import type { DnsZone } from "./records.ts";

const service = (name: string, spec: Service["spec"]): Service => ({ metadata: { name, namespace: "n" }, spec });

const services = [
  service("web", { clusterIP: "10.0.0.1", ports: [{ name: "http", port: 80 }] }),
  service("dual", { clusterIP: "10.0.0.2", clusterIPs: ["10.0.0.2", "fd00::2"] }),
  service("db6", { clusterIP: "None", ipFamilies: ["IPv6"] }),
  service("db", { clusterIP: "None", ports: [{ name: "sql", port: 5432 }] }),
  service("early", { clusterIP: "None", publishNotReadyAddresses: true }),
  service("empty", { clusterIP: "None" }),
  service("alias", { type: "ExternalName", externalName: "web.n.svc.cluster.local" }),
];

const slice = (name: string, port?: number): EndpointSlice => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name, namespace: "n" },
  addressType: "IPv4",
  ports: port === undefined ? [] : [{ name: "sql", port }],
  endpoints: [
    { addresses: ["10.1.0.1"], hostname: "db-0", conditions: { ready: true } },
    { addresses: ["10.1.0.2"], conditions: { ready: name === "db" } },
    { addresses: ["10.1.0.3"], conditions: { ready: false } },
  ],
});

const slice6: EndpointSlice = {
  ...slice("db6"),
  addressType: "IPv6",
  endpoints: [{ addresses: ["fd01::7"], conditions: { ready: true } }],
};

const slices: Record<string, EndpointSlice[]> = { db6: [slice6], db: [slice("db", 5433)], early: [slice("early")] };

export const zone: DnsZone = {
  domain: "cluster.local",
  service: (namespace, name) =>
    services.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name),
  services: () => services,
  slices: (namespace, name) => (namespace === "n" ? (slices[name] ?? []) : []),
  hasNamespace: (name) => name === "n",
};
