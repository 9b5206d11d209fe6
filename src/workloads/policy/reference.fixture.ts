/**
 * What Kubernetes' documentation says of NetworkPolicies, word for word and packet by packet, however slow: the measure for
 * the rules that are made of them.
 */
import { BlockList, isIP } from "node:net";
import type { Pod } from "../../../api/core.ts";
import type { PolicyWorld, Protocol } from "./isolation.ts";

export interface Packet {
  source: string;
  destination: string;
  protocol: Protocol;
  port: number;
}

type Policy = PolicyWorld["policies"][number];
type Spec = NonNullable<Policy["spec"]>;
type Peer = NonNullable<NonNullable<Spec["ingress"]>[number]["from"]>[number];
type Port = NonNullable<NonNullable<Spec["ingress"]>[number]["ports"]>[number];
type Selector = Spec["podSelector"];
type Labels = Record<string, string> | undefined;

export function mayPass(world: PolicyWorld, packet: Packet): boolean {
  if (packet.source === packet.destination) return true;
  return mayLeave(world, packet) && mayEnter(world, packet);
}

function mayLeave(world: PolicyWorld, packet: Packet): boolean {
  const self = podAt(world, packet.source);
  const policies = world.policies.filter((policy) => isIsolatedBy(policy, self, "Egress"));
  const rules = policies.flatMap((policy) => (policy.spec?.egress ?? []).map((rule) => ({ policy, rule })));
  return (
    policies.length === 0 ||
    rules.some(
      ({ policy, rule }) => isPeer(world, policy, rule.to, packet.destination) && isPort(world, rule.ports, packet),
    )
  );
}

function mayEnter(world: PolicyWorld, packet: Packet): boolean {
  const self = podAt(world, packet.destination);
  const policies = world.policies.filter((policy) => isIsolatedBy(policy, self, "Ingress"));
  const rules = policies.flatMap((policy) => (policy.spec?.ingress ?? []).map((rule) => ({ policy, rule })));
  return (
    policies.length === 0 ||
    rules.some(
      ({ policy, rule }) => isPeer(world, policy, rule.from, packet.source) && isPort(world, rule.ports, packet),
    )
  );
}

function podAt({ pods }: PolicyWorld, address: string): Pod | undefined {
  return pods.find(
    (pod) =>
      pod.status?.podIPs?.some(({ ip }) => ip === address) &&
      !pod.spec?.hostNetwork &&
      pod.status.phase !== "Succeeded",
  );
}

function isIsolatedBy({ metadata, spec }: Policy, pod: Pod | undefined, type: "Ingress" | "Egress"): boolean {
  if (pod === undefined || metadata?.namespace !== pod.metadata?.namespace) return false;
  if (!selects(spec?.podSelector ?? {}, pod.metadata?.labels)) return false;
  if (spec?.policyTypes && spec.policyTypes.length > 0) return spec.policyTypes.includes(type);
  return type === "Ingress" || (spec?.egress?.length ?? 0) > 0;
}

function isPeer(world: PolicyWorld, policy: Policy, peers: Peer[] | undefined, address: string): boolean {
  if (peers === undefined || peers.length === 0) return true;
  const pod = podAt(world, address);
  const namespace = world.namespaces.find(({ metadata }) => metadata?.name === pod?.metadata?.namespace);
  return peers.some(({ ipBlock, podSelector, namespaceSelector }) => {
    if (ipBlock) return holds(ipBlock.cidr, address) && !ipBlock.except?.some((each) => holds(each, address));
    if (pod === undefined) return false;
    const inNamespace = namespaceSelector
      ? selects(namespaceSelector, namespace?.metadata?.labels)
      : pod.metadata?.namespace === policy.metadata?.namespace;
    return inNamespace && selects(podSelector ?? {}, pod.metadata?.labels);
  });
}

function isPort(world: PolicyWorld, ports: Port[] | undefined, packet: Packet): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some(({ protocol = "TCP", port, endPort }) => {
    if (protocol.toLowerCase() !== packet.protocol) return false;
    if (port === undefined) return true;
    if (typeof port === "number") return packet.port >= port && packet.port <= (endPort ?? port);
    const containers = podAt(world, packet.destination)?.spec?.containers ?? [];
    return containers.some((container) =>
      container.ports?.some(
        (named) => named.name === port && (named.protocol ?? "TCP") === protocol && named.containerPort === packet.port,
      ),
    );
  });
}

function selects({ matchLabels = {}, matchExpressions = [] }: NonNullable<Selector>, labels: Labels = {}): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === "Exists") return value !== undefined;
      if (operator === "DoesNotExist") return value === undefined;
      if (operator === "In") return value !== undefined && values.includes(value);
      return value === undefined || !values.includes(value);
    })
  );
}

function holds(cidr: string, address: string): boolean {
  const [network = "", length = ""] = cidr.split("/");
  const list = new BlockList();
  const family = network.includes(":") ? "ipv6" : "ipv4";
  list.addSubnet(network, Number(length), family);
  return isIP(address) === isIP(network) && list.check(address, family);
}
