/**
 * From NetworkPolicies, pods and namespaces to what may pass at each pod, as plain data. Pure.
 *
 *   policy --selects--> pod     a pod that one policy selects is isolated in the directions that it names
 *          --rules----> openings  and lets through the union of what all of them allow
 *
 * What a policy can name are pods with an address of their own: those on the host's network are the host, which is
 * never kept from a pod, nor a pod from it. A virtual machine is its launcher pod, at whose address its guest is.
 */
import type { Namespace, Pod } from "../../../api/core.ts";
import type { LabelSelector } from "../../../api/meta.ts";
import type { NetworkPolicy } from "../../../api/networking.ts";
import {
  type Labels,
  type LabelRequirement,
  matchesLabels,
  requirementsOf,
} from "../../apimachinery/selector/label-selector.ts";
import { familyOf, familyOfNetwork, networkHolds } from "../../base/ip-network.ts";
import { hasEnded } from "../pods.ts";

export interface PolicyWorld {
  policies: readonly NetworkPolicy[];
  pods: readonly Pod[];
  namespaces: readonly Namespace[];
}

export const directions = ["ingress", "egress"] as const;
export type Direction = (typeof directions)[number];
export type Protocol = "tcp" | "udp" | "sctp";

/** A pod that does not take, or send, everything. */
export interface Isolation {
  direction: Direction;
  address: string;
  /** `namespace/name`. */
  pod: string;
  openings: Opening[];
}

/** Traffic with one of the peers on one of the ports passes. */
export interface Opening {
  peers: Peers;
  ports: PortRange[] | "all";
}

export type Peers =
  | { type: "anyone" }
  | { type: "addresses"; addresses: string[] }
  | { type: "block"; cidr: string; except: string[] };

export interface PortRange {
  protocol: Protocol;
  first: number;
  last: number;
}

export function isolations(world: PolicyWorld): Isolation[] {
  const residents = residentsOf(world);
  const policies = world.policies.map((policy) => compile(policy, residents));
  return residents.flatMap((resident) =>
    directions.flatMap((direction) => {
      const applying = policies.filter((policy) => applies(policy, resident, direction));
      if (applying.length === 0) return [];
      const rules = applying.flatMap((policy) => policy.rules[direction]);
      const openings = rules.flatMap((rule) => openingsOf(rule, direction, resident, residents));
      return [{ direction, address: resident.address, pod: resident.name, openings }];
    }),
  );
}

interface Resident {
  name: string;
  namespace: string;
  namespaceLabels: Labels;
  labels: Labels;
  address: string;
  namedPorts: { name: string; protocol: Protocol; port: number }[];
}

/** One for each address, of which a pod has one of each family: two pods have the same one only while the first of them is being removed. */
function residentsOf({ pods, namespaces }: PolicyWorld): Resident[] {
  const labelsOf = new Map(namespaces.map(({ metadata }) => [metadata?.name ?? "", metadata?.labels ?? {}]));
  const created = (pod: Pod): string => pod.metadata?.creationTimestamp ?? "";
  const byAge = pods
    .filter((pod) => pod.spec?.hostNetwork !== true && !hasEnded(pod))
    .sort((one, other) => created(one).localeCompare(created(other)));
  const residents = byAge.flatMap((pod): Resident[] => {
    const namespace = pod.metadata?.namespace ?? "";
    return addressesOf(pod).map((address) => ({
      name: `${namespace}/${pod.metadata?.name}`,
      namespace,
      namespaceLabels: labelsOf.get(namespace) ?? {},
      labels: pod.metadata?.labels ?? {},
      address,
      namedPorts: namedPortsOf(pod),
    }));
  });
  return [...new Map(residents.map((resident) => [resident.address, resident])).values()];
}

function addressesOf({ status }: Pod): string[] {
  const all = [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)];
  return [...new Set(all.filter((ip) => ip !== undefined && familyOf(ip) !== undefined))] as string[];
}

function namedPortsOf({ spec }: Pod): Resident["namedPorts"] {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  return containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ name, protocol, containerPort }) =>
      name ? [{ name, protocol: protocolOf(protocol), port: containerPort }] : [],
    ),
  );
}

function protocolOf(protocol: string | undefined): Protocol {
  return protocol === "UDP" ? "udp" : protocol === "SCTP" ? "sctp" : "tcp";
}

interface CompiledPolicy {
  namespace: string;
  selector: LabelRequirement[];
  directions: readonly Direction[];
  rules: Record<Direction, CompiledRule[]>;
}

interface CompiledRule {
  peers: CompiledPeers[];
  /** Undefined for all ports. */
  ports: PolicyPort[] | undefined;
}

/** With the pods behind it, by which ports have names. */
interface CompiledPeers {
  peers: Peers;
  residents: readonly Resident[];
}

type Spec = NonNullable<NetworkPolicy["spec"]>;
type PolicyPeer = NonNullable<NonNullable<Spec["ingress"]>[number]["from"]>[number];
type PolicyPort = NonNullable<NonNullable<Spec["ingress"]>[number]["ports"]>[number];

function compile({ metadata, spec }: NetworkPolicy, residents: readonly Resident[]): CompiledPolicy {
  const namespace = metadata?.namespace ?? "";
  const rule = (peers: PolicyPeer[] = [], ports: PolicyPort[] = []): CompiledRule => ({
    peers:
      peers.length === 0
        ? [{ peers: { type: "anyone" }, residents }]
        : peers.flatMap((peer) => compilePeer(peer, namespace, residents)),
    ports: ports.length === 0 ? undefined : ports,
  });
  return {
    namespace,
    selector: selectorOf(spec?.podSelector),
    directions: directionsOf(spec),
    rules: {
      ingress: (spec?.ingress ?? []).map(({ from, ports }) => rule(from, ports)),
      egress: (spec?.egress ?? []).map(({ to, ports }) => rule(to, ports)),
    },
  };
}

function directionsOf(spec: NetworkPolicy["spec"]): Direction[] {
  const types = spec?.policyTypes ?? [];
  if (types.length === 0) return (spec?.egress ?? []).length > 0 ? ["ingress", "egress"] : ["ingress"];
  return directions.filter((direction) => types.some((type) => type.toLowerCase() === direction));
}

function selectorOf(selector: Spec["podSelector"]): LabelRequirement[] {
  return requirementsOf((selector ?? {}) as LabelSelector);
}

/** What is no network names nobody here. */
function compilePeer(peer: PolicyPeer, namespace: string, residents: readonly Resident[]): CompiledPeers[] {
  const { ipBlock, podSelector, namespaceSelector } = peer;
  if (ipBlock) {
    const except = (ipBlock.except ?? []).filter((each) => familyOfNetwork(each) === familyOfNetwork(ipBlock.cidr));
    const holds = ({ address }: Resident): boolean =>
      networkHolds(ipBlock.cidr, address) && !except.some((each) => networkHolds(each, address));
    if (familyOfNetwork(ipBlock.cidr) === undefined) return [];
    return [{ peers: { type: "block", cidr: ipBlock.cidr, except }, residents: residents.filter(holds) }];
  }
  if (!podSelector && !namespaceSelector) return [];
  const inNamespace = namespaceSelector
    ? (resident: Resident) => matchesLabels(selectorOf(namespaceSelector), resident.namespaceLabels)
    : (resident: Resident) => resident.namespace === namespace;
  const selected = residents.filter(
    (resident) => inNamespace(resident) && matchesLabels(selectorOf(podSelector), resident.labels),
  );
  return [{ peers: { type: "addresses", addresses: selected.map(({ address }) => address) }, residents: selected }];
}

function applies(policy: CompiledPolicy, resident: Resident, direction: Direction): boolean {
  return (
    policy.namespace === resident.namespace &&
    policy.directions.includes(direction) &&
    matchesLabels(policy.selector, resident.labels)
  );
}

/** A port's name is that of the pod which the traffic goes to: our own, or each peer's. */
function openingsOf(
  { peers, ports }: CompiledRule,
  direction: Direction,
  self: Resident,
  residents: readonly Resident[],
): Opening[] {
  if (ports === undefined) return peers.map((peer) => ({ peers: peer.peers, ports: "all" as const }));
  const isNamed = ({ port }: PolicyPort): boolean => typeof port === "string";
  const named = ports.filter(isNamed);
  const ranges = [
    ...ports.filter((port) => !isNamed(port)).map(numericRange),
    ...(direction === "ingress" ? named.flatMap((port) => namedRanges(port, self)) : []),
  ];
  const byPeer = direction === "egress" && named.length > 0 ? residents : [];
  return [
    ...(ranges.length > 0 ? peers.map((peer) => ({ peers: peer.peers, ports: ranges })) : []),
    ...byPeer
      .filter((resident) => peers.some((peer) => peer.residents.includes(resident)))
      .flatMap((resident): Opening[] => {
        const found = named.flatMap((port) => namedRanges(port, resident));
        return found.length === 0
          ? []
          : [{ peers: { type: "addresses", addresses: [resident.address] }, ports: found }];
      }),
  ];
}

const lastPort = 65_535;

function numericRange({ port, endPort, protocol }: PolicyPort): PortRange {
  const known = protocolOf(protocol);
  if (typeof port !== "number") return { protocol: known, first: 0, last: lastPort };
  return { protocol: known, first: port, last: endPort ?? port };
}

function namedRanges({ port, protocol }: PolicyPort, resident: Resident): PortRange[] {
  return resident.namedPorts
    .filter((named) => named.name === port && named.protocol === protocolOf(protocol))
    .map((named) => ({ protocol: named.protocol, first: named.port, last: named.port }));
}
