/** From a Service and its pods to one EndpointSlice and the Endpoints of old. Pure. */
import type { Endpoints, Pod, Service } from "../../../api/core.ts";
import type { EndpointSlice } from "../../../api/discovery.ts";
import { families, familyOf, type IpFamily } from "../../base/ip-network.ts";
import { controllerReference, ownerReference } from "../../runtime/owner-references.ts";
import { hasEnded, isReady } from "../pods.ts";
import { services } from "../../../api/core.ts";

type ServicePort = NonNullable<NonNullable<Service["spec"]>["ports"]>[number];
type SlicePort = NonNullable<EndpointSlice["ports"]>[number];
type SliceEndpoint = NonNullable<EndpointSlice["endpoints"]>[number];

export const managedBy = "endpointslice-controller.k8s.io";
export const serviceNameLabel = "kubernetes.io/service-name";

/** Pods whose targetPort names another number each need a slice of their own ports. */
export function desiredSlices(service: Service, pods: readonly Pod[]): EndpointSlice[] {
  return familiesOf(service).flatMap((family) => slicesOf(service, pods, family));
}

function familiesOf({ spec }: Service): readonly IpFamily[] {
  const asked = families.filter((family) => spec?.ipFamilies?.includes(family));
  return asked.length > 0 ? asked : ["IPv4"];
}

function slicesOf(service: Service, pods: readonly Pod[], family: IpFamily): EndpointSlice[] {
  const placed = pods.filter((pod) => addressOf(pod, family) !== undefined && !hasEnded(pod));
  const stem = `${service.metadata?.name}-${family.toLowerCase()}`;
  const groups = Map.groupBy(placed, (pod) => JSON.stringify(portsFor(service, pod)));
  const shapes = groups.size > 0 ? [...groups] : [[JSON.stringify(portsFor(service, undefined)), []] as const];
  return shapes.map(([ports, members], index) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: index === 0 ? stem : `${stem}-${index}`,
      namespace: service.metadata?.namespace,
      labels: {
        ...service.metadata?.labels,
        [serviceNameLabel]: service.metadata?.name ?? "",
        "endpointslice.kubernetes.io/managed-by": managedBy,
        ...(service.spec?.clusterIP === "None" && { "service.kubernetes.io/headless": "" }),
      },
      ownerReferences: [controllerReference(services, service)],
    },
    addressType: family,
    endpoints: members.map((pod) => endpointOf(service, pod, family)).sort(byAddress),
    ports: JSON.parse(ports) as SlicePort[],
  }));
}

export function desiredEndpoints(service: Service, pods: readonly Pod[]): Endpoints {
  // Those of old know one family: the Service's first.
  const [family = "IPv4"] = service.spec?.ipFamilies ?? [];
  const subsets = slicesOf(service, pods, family as IpFamily).flatMap((slice) => {
    const usable = (slice.endpoints ?? []).filter(({ conditions }) => !conditions?.terminating);
    const addresses = (ready: boolean) =>
      usable
        .filter(({ conditions }) => (conditions?.ready !== false) === ready)
        .map(({ addresses: [ip = ""], nodeName, targetRef, hostname }) => ({ ip, nodeName, targetRef, hostname }));
    const [readyAddresses, notReadyAddresses] = [addresses(true), addresses(false)];
    if (readyAddresses.length + notReadyAddresses.length === 0) return [];
    return {
      ...(readyAddresses.length > 0 && { addresses: readyAddresses }),
      ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
      ports: (slice.ports ?? []).map(({ name, port = 0, protocol }) => ({
        ...(name !== "" && { name }),
        port,
        protocol: protocol as "TCP",
      })),
    };
  });
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name: service.metadata?.name,
      namespace: service.metadata?.namespace,
      labels: { ...service.metadata?.labels, "endpoints.kubernetes.io/managed-by": "endpoint-controller" },
      ownerReferences: [ownerReference(services, service)],
    },
    subsets,
  };
}

function addressOf({ status }: Pod, family: IpFamily): string | undefined {
  const all = [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)];
  return all.find((ip) => ip !== undefined && familyOf(ip) === family);
}

function endpointOf(service: Service, pod: Pod, family: IpFamily): SliceEndpoint {
  const terminating = pod.metadata?.deletionTimestamp !== undefined;
  const serving = isReady(pod);
  const publishAll = service.spec?.publishNotReadyAddresses === true;
  return {
    addresses: [addressOf(pod, family) ?? ""],
    conditions: { ready: publishAll || (serving && !terminating), serving, terminating },
    ...(pod.spec?.hostname && pod.spec.subdomain === service.metadata?.name && { hostname: pod.spec.hostname }),
    nodeName: pod.spec?.nodeName,
    targetRef: { kind: "Pod", name: pod.metadata?.name, namespace: pod.metadata?.namespace, uid: pod.metadata?.uid },
  };
}

function portsFor(service: Service, pod: Pod | undefined): SlicePort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = targetPortOf(port, pod);
    if (number === undefined) return [];
    return {
      name: port.name ?? "",
      port: number,
      protocol: port.protocol ?? "TCP",
      ...(port.appProtocol && { appProtocol: port.appProtocol }),
    };
  });
}

/** A named target port is looked up in the pod's containers. */
function targetPortOf({ targetPort, port, protocol = "TCP" }: ServicePort, pod: Pod | undefined): number | undefined {
  if (targetPort === undefined || targetPort === 0 || targetPort === "") return port;
  if (typeof targetPort === "number" || /^\d+$/.test(targetPort)) return Number(targetPort);
  return (pod?.spec?.containers ?? [])
    .flatMap((container) => container.ports ?? [])
    .find((each) => each.name === targetPort && (each.protocol ?? "TCP") === protocol)?.containerPort;
}

function byAddress(a: SliceEndpoint, b: SliceEndpoint): number {
  return (a.addresses[0] ?? "") < (b.addresses[0] ?? "") ? -1 : 1;
}
