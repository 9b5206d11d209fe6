/** Kubernetes DNS-based service discovery (spec 1.1.0) as a pure lookup over Services and EndpointSlices. */
import type { Service } from "../../../api/core.ts";
import type { EndpointSlice } from "../../../api/discovery.ts";
import { familyOf } from "../../base/ip-network.ts";
import { formatIpv6 } from "../../base/ipv6.ts";

export type DnsRecord =
  | { type: "A"; name: string; address: string }
  | { type: "AAAA"; name: string; address: string }
  | { type: "SRV"; name: string; port: number; target: string }
  | { type: "CNAME"; name: string; target: string }
  | { type: "PTR"; name: string; target: string };

/** `records` is empty when the name exists but has no record of the type asked for. */
export type DnsLookup = { found: true; records: DnsRecord[] } | { found: false };

export interface DnsZone {
  /** e.g. `cluster.local` */
  domain: string;
  service(namespace: string, name: string): Service | undefined;
  services(): readonly Service[];
  slices(namespace: string, service: string): readonly EndpointSlice[];
  hasNamespace(namespace: string): boolean;
}

const none: DnsLookup = { found: false };

/** Whether the cluster answers for this name itself; everything else goes upstream. */
export function isOurs(zone: DnsZone, name: string): boolean {
  const lower = name.toLowerCase();
  return lower === zone.domain || lower.endsWith(`.${zone.domain}`) || reverseService(zone, lower) !== undefined;
}

export function lookup(zone: DnsZone, name: string, type: string): DnsLookup {
  const lower = name.toLowerCase();
  const reverse = reverseService(zone, lower);
  if (reverse)
    return { found: true, records: type === "PTR" ? [{ type: "PTR", name, target: hostOf(zone, reverse) }] : [] };
  const labels = lower.slice(0, -(zone.domain.length + 1)).split(".");
  const kind = labels.pop();
  if (lower === zone.domain) return { found: true, records: [] };
  if (kind === "pod") return podRecord(labels, name, type);
  if (kind !== "svc") return none;
  return serviceRecords(zone, labels, name, type);
}

function serviceRecords(zone: DnsZone, labels: string[], name: string, type: string): DnsLookup {
  const namespace = labels.pop();
  if (namespace === undefined) return { found: true, records: [] };
  const serviceName = labels.pop();
  if (serviceName === undefined) return zone.hasNamespace(namespace) ? { found: true, records: [] } : none;
  const service = zone.service(namespace, serviceName);
  if (!service) return none;
  if (service.spec?.type === "ExternalName")
    return { found: true, records: [{ type: "CNAME", name, target: service.spec.externalName ?? "" }] };
  const slices = zone.slices(namespace, serviceName);
  if (labels.length === 0) return addresses(service, slices, name, type);
  if (labels.length === 2) return portRecords(zone, service, slices, labels as [string, string], name, type);
  return hostRecord(slices, labels, name, type);
}

function addresses(service: Service, slices: readonly EndpointSlice[], name: string, type: string): DnsLookup {
  const found = isHeadless(service) ? readyAddresses(service, slices) : clusterIpsOf(service);
  if (isHeadless(service) && found.length === 0) return none;
  return { found: true, records: addressRecords(found, name, type) };
}

/** `_port._protocol.service.namespace.svc` */
function portRecords(
  zone: DnsZone,
  service: Service,
  slices: readonly EndpointSlice[],
  [portLabel, protocolLabel]: [string, string],
  name: string,
  type: string,
): DnsLookup {
  const port = service.spec?.ports?.find(
    (each) => `_${each.name}` === portLabel && `_${(each.protocol ?? "TCP").toLowerCase()}` === protocolLabel,
  );
  if (!port) return none;
  if (type !== "SRV") return { found: true, records: [] };
  const targets = isHeadless(service)
    ? slices.flatMap((slice) => {
        const target = slice.ports?.find((each) => each.name === port.name)?.port ?? port.port;
        return (slice.endpoints ?? []).map((endpoint) => ({ port: target, host: endpointHost(endpoint) }));
      })
    : [{ port: port.port, host: undefined }];
  return {
    found: true,
    records: targets.map(({ port: number, host }) => ({
      type: "SRV",
      name,
      port: number,
      target: host ? `${host}.${hostOf(zone, service)}` : hostOf(zone, service),
    })),
  };
}

/** `hostname.service.namespace.svc` of a headless Service. */
function hostRecord(slices: readonly EndpointSlice[], labels: string[], name: string, type: string): DnsLookup {
  const host = labels.join(".");
  const found = slices
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => endpointHost(endpoint) === host)
    .flatMap((endpoint) => endpoint.addresses);
  if (found.length === 0) return none;
  return { found: true, records: addressRecords(found, name, type) };
}

/** `10-42-0-7.namespace.pod`, `fd00--7.namespace.pod` */
function podRecord(labels: string[], name: string, type: string): DnsLookup {
  const [label = ""] = labels;
  const address = [".", ":"].map((separator) => label.replaceAll("-", separator)).find(familyOf);
  if (labels.length !== 2 || address === undefined) return none;
  return { found: true, records: addressRecords([address], name, type) };
}

/** Of the family that the type asks for; of none for another type. */
function addressRecords(addresses: readonly string[], name: string, type: string): DnsRecord[] {
  const family = type === "A" ? "IPv4" : "IPv6";
  if (type !== "A" && type !== "AAAA") return [];
  return addresses.filter((address) => familyOf(address) === family).map((address) => ({ type, name, address }));
}

function reverseService(zone: DnsZone, name: string): Service | undefined {
  const address = reverseAddress(name);
  return address === undefined ? undefined : zone.services().find((service) => clusterIpsOf(service).includes(address));
}

/** Of `1.0.43.10.in-addr.arpa`, or of 32 digits and `ip6.arpa`. */
function reverseAddress(name: string): string | undefined {
  const four = /^((?:\d+\.){4})in-addr\.arpa$/.exec(name)?.[1];
  if (four !== undefined) return four.split(".").slice(0, 4).reverse().join(".");
  const six = /^((?:[\da-f]\.){32})ip6\.arpa$/.exec(name)?.[1];
  return six === undefined ? undefined : formatIpv6(BigInt(`0x${six.split(".").reverse().join("")}`));
}

function clusterIpsOf({ spec }: Service): string[] {
  return [...new Set([spec?.clusterIP ?? "", ...(spec?.clusterIPs ?? [])])];
}

function readyAddresses(service: Service, slices: readonly EndpointSlice[]): string[] {
  const all = slices
    .flatMap((slice) => slice.endpoints ?? [])
    .filter((endpoint) => service.spec?.publishNotReadyAddresses || endpoint.conditions?.ready !== false)
    .flatMap((endpoint) => endpoint.addresses);
  return [...new Set(all)];
}

function endpointHost(endpoint: NonNullable<EndpointSlice["endpoints"]>[number]): string {
  return endpoint.hostname ?? (endpoint.addresses[0] ?? "").replaceAll(/[.:]/g, "-");
}

function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === "None";
}

function hostOf(zone: DnsZone, service: Service): string {
  return `${service.metadata?.name}.${service.metadata?.namespace}.svc.${zone.domain}`;
}
