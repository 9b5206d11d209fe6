/** Columns of Service, Endpoints, EndpointSlice, NetworkPolicy and Ingress. */
import type { KubeObject } from "../../../api/meta.ts";
import { formatLabelSelector, requirementsOf } from "../../apimachinery/selector/label-selector.ts";
import { field, list, number, record, text } from "../registry/field.ts";
import { ageColumn, type Column, column, nameColumn, wide } from "./column.ts";

export const serviceColumns: Column[] = [
  nameColumn,
  column("Type", (service) => text(service, "spec", "type")),
  column("Cluster-IP", (service) => text(service, "spec", "clusterIP") || "<none>"),
  column("External-IP", externalAddress),
  column("Port(s)", ports),
  ageColumn,
  wide("Selector", (service) => labelText(record<string>(service, "spec", "selector"))),
];

export function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return pairs.sort().join(",") || "<none>";
}

function externalAddress(service: KubeObject): string {
  const type = text(service, "spec", "type");
  const external = list<string>(service, "spec", "externalIPs");
  if (type === "ExternalName") return text(service, "spec", "externalName");
  if (type !== "LoadBalancer") return external.join(",") || "<none>";
  const ingress = list(service, "status", "loadBalancer", "ingress").map(
    (each) => text(each, "ip") || text(each, "hostname"),
  );
  return [...ingress, ...external].join(",") || "<pending>";
}

function ports(service: KubeObject): string {
  const each = list(service, "spec", "ports").map((port) => {
    const node = number(port, "nodePort");
    return `${number(port, "port")}${node > 0 ? `:${node}` : ""}/${text(port, "protocol")}`;
  });
  return each.join(",") || "<none>";
}

const shownEndpoints = 3;

export const endpointsColumns: Column[] = [nameColumn, column("Endpoints", endpointsText), ageColumn];

function endpointsText(endpoints: KubeObject): string {
  const all = list(endpoints, "subsets").flatMap((subset) => {
    const addresses = list(subset, "addresses").map((address) => text(address, "ip"));
    const numbers = list(subset, "ports").map((port) => number(port, "port"));
    if (numbers.length === 0) return addresses;
    return numbers.flatMap((port) => addresses.map((ip) => (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`)));
  });
  return shorten(all) || "<none>";
}

function shorten(all: string[]): string {
  const more = all.length - shownEndpoints;
  return all.slice(0, shownEndpoints).join(",") + (more > 0 ? ` + ${more} more...` : "");
}

export const endpointSliceColumns: Column[] = [
  nameColumn,
  column("AddressType", (slice) => text(slice, "addressType")),
  column("Ports", (slice) => shorten(list(slice, "ports").map((port) => text(port, "port") || "*")) || "<unset>"),
  column(
    "Endpoints",
    (slice) => shorten(list(slice, "endpoints").flatMap((each) => list<string>(each, "addresses"))) || "<unset>",
  ),
  ageColumn,
];

export const networkPolicyColumns: Column[] = [
  nameColumn,
  column(
    "Pod-Selector",
    (policy) => formatLabelSelector(requirementsOf(record(policy, "spec", "podSelector"))) || "<none>",
  ),
  ageColumn,
];

export const ingressColumns: Column[] = [
  nameColumn,
  column("Class", (ingress) => text(ingress, "spec", "ingressClassName") || "<none>"),
  column(
    "Hosts",
    (ingress) =>
      list(ingress, "spec", "rules")
        .map((rule) => text(rule, "host") || "*")
        .join(",") || "*",
  ),
  column("Address", (ingress) =>
    list(ingress, "status", "loadBalancer", "ingress")
      .map((each) => text(each, "ip") || text(each, "hostname"))
      .join(","),
  ),
  column("Ports", (ingress) => (field(ingress, "spec", "tls") ? "80, 443" : "80")),
  ageColumn,
];
