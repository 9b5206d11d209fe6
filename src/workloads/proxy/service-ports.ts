/** From Services and EndpointSlices to what the packet filter must do, as plain data. */
import type { Service } from "../../../api/core.ts";
import type { EndpointSlice } from "../../../api/discovery.ts";
import { families, familyOf, type IpFamily } from "../../base/ip-network.ts";

export interface Backend {
  address: string;
  port: number;
}

/** One port of a Service in one family of addresses. */
export interface ServicePort {
  /** `namespace/name:port`, for comments: never a character that ends one. */
  id: string;
  protocol: "tcp" | "udp";
  family: IpFamily;
  /** ClusterIP and external IPs. */
  addresses: string[];
  port: number;
  nodePort: number | undefined;
  /** Seconds that a client keeps its backend; undefined without session affinity. */
  affinitySeconds: number | undefined;
  backends: Backend[];
}

const defaultAffinitySeconds = 10_800;

export function servicePorts(services: readonly Service[], slices: readonly EndpointSlice[]): ServicePort[] {
  const byService = Map.groupBy(slices, (slice) => serviceKey(slice.metadata?.namespace, serviceNameOf(slice)));
  return services
    .filter((service) => isRoutable(service))
    .flatMap((service) => {
      const key = serviceKey(service.metadata?.namespace, service.metadata?.name);
      return families.flatMap((family) => portsOf(service, key, byService.get(key) ?? [], family));
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

function portsOf(service: Service, key: string, slices: readonly EndpointSlice[], family: IpFamily): ServicePort[] {
  const { spec } = service;
  const clusterIps = [...new Set([spec?.clusterIP ?? "", ...(spec?.clusterIPs ?? [])])];
  if (!clusterIps.some((address) => familyOf(address) === family)) return [];
  const addresses = [...clusterIps, ...(spec?.externalIPs ?? [])].filter((address) => familyOf(address) === family);
  return (spec?.ports ?? [])
    .filter((port) => port.protocol !== "SCTP")
    .map((port) => ({
      id: printable(`${key}:${port.name ?? port.port}`),
      protocol: port.protocol === "UDP" ? "udp" : "tcp",
      family,
      addresses,
      port: port.port,
      nodePort: port.nodePort,
      affinitySeconds:
        spec?.sessionAffinity === "ClientIP"
          ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds)
          : undefined,
      backends: backendsOf(slices, port.name ?? "", family),
    }));
}

/** Ready endpoints; when there are none, those that still serve while they terminate. */
function backendsOf(slices: readonly EndpointSlice[], portName: string, family: IpFamily): Backend[] {
  const candidates = slices
    .filter((slice) => slice.addressType === family)
    .flatMap((slice) => {
      const port = slice.ports?.find((each) => (each.name ?? "") === portName)?.port;
      return port === undefined ? [] : (slice.endpoints ?? []).map((endpoint) => ({ endpoint, port }));
    });
  const ready = candidates.filter(({ endpoint }) => endpoint.conditions?.ready !== false);
  const serving = candidates.filter(
    ({ endpoint }) => endpoint.conditions?.serving === true && endpoint.conditions.terminating === true,
  );
  const chosen = (ready.length > 0 ? ready : serving).map(({ endpoint, port }) => ({
    address: endpoint.addresses[0] ?? "",
    port,
  }));
  // Whoever writes a slice chooses its text: only an address becomes a part of the rules.
  const usable = chosen.filter(({ address }) => familyOf(address) === family);
  // Slices may overlap, e.g. while an endpoint moves from one to another.
  const distinct = new Map(usable.map((backend) => [`${backend.address}:${backend.port}`, backend]));
  return [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, backend]) => backend);
}

function printable(id: string): string {
  return id.replaceAll(/[^\w./:-]/g, "?");
}

function isRoutable({ spec }: Service): boolean {
  return spec?.type !== "ExternalName" && spec?.clusterIP !== undefined && !["", "None"].includes(spec.clusterIP);
}

function serviceNameOf(slice: EndpointSlice): string | undefined {
  return slice.metadata?.labels?.["kubernetes.io/service-name"];
}

function serviceKey(namespace: string | undefined, name: string | undefined): string {
  return `${namespace}/${name}`;
}
