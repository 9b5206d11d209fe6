/** NetworkPolicies: whom they isolate when they do not say, and rules whose text reaches the packet filter. */
import type { KubeObject, LabelSelector } from "../../../../api/meta.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/schema/cause.ts";
import { validateLabelSelector } from "../../../apimachinery/selector/validate-label-selector.ts";
import type { StatusCause } from "../../../base/errors.ts";
import { parseIpv4Network } from "../../../base/ipv4.ts";
import { isIPv6 } from "node:net";
import { ensure, field, fill, list, record, text } from "../field.ts";
import type { Strategy } from "../kind.ts";

const rules = [
  ["ingress", "from"],
  ["egress", "to"],
] as const;

export const networkPolicyStrategy: Strategy = {
  default(policy) {
    const spec = ensure(policy, "spec");
    fill(spec, "podSelector", {});
    fill(spec, "policyTypes", list(spec, "egress").length > 0 ? ["Ingress", "Egress"] : ["Ingress"]);
    for (const [direction] of rules)
      for (const rule of list(spec, direction)) for (const port of list(rule, "ports")) fill(port, "protocol", "TCP");
  },
  validate: (policy: KubeObject) => [
    ...selectorCauses(policy, "spec", "podSelector"),
    ...list<string>(policy, "spec", "policyTypes").flatMap((type, index) =>
      type === "Ingress" || type === "Egress"
        ? []
        : [notSupported(`spec.policyTypes[${index}]`, type, ["Ingress", "Egress"])],
    ),
    ...rules.flatMap(([direction, peers]) =>
      list(policy, "spec", direction).flatMap((rule, index) => ruleCauses(rule, peers, `spec.${direction}[${index}]`)),
    ),
  ],
};

function ruleCauses(rule: Record<string, unknown>, peers: "from" | "to", path: string): StatusCause[] {
  return [
    ...list(rule, "ports").flatMap((port, index) => portCauses(port, `${path}.ports[${index}]`)),
    ...list(rule, peers).flatMap((peer, index) => peerCauses(peer, `${path}.${peers}[${index}]`)),
  ];
}

const protocols = ["TCP", "UDP", "SCTP"];
const isPort = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
/** As the name of a container's port. */
const isPortName = (value: string): boolean =>
  /^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(value) && !value.includes("--");

function portCauses(policyPort: Record<string, unknown>, path: string): StatusCause[] {
  const { protocol, port, endPort } = policyPort;
  return [
    ...(protocols.includes(text(policyPort, "protocol"))
      ? []
      : [notSupported(`${path}.protocol`, protocol, protocols)]),
    ...(typeof port === "number" && !isPort(port)
      ? [invalid(`${path}.port`, port, "must be between 1 and 65535, inclusive")]
      : []),
    ...(typeof port === "string" && !isPortName(port)
      ? [invalid(`${path}.port`, port, "must be a number, or the name of a port: at most 15 of a-z, 0-9 and '-'")]
      : []),
    ...(endPort === undefined ? [] : endPortCauses(port, endPort, `${path}.endPort`)),
  ];
}

function endPortCauses(port: unknown, endPort: unknown, path: string): StatusCause[] {
  if (typeof port !== "number")
    return [invalid(path, endPort, "may not be specified when `port` is not a number: remove it")];
  if (!isPort(endPort) || Number(endPort) < port)
    return [invalid(path, endPort, "must be greater than or equal to `port`, and at most 65535")];
  return [];
}

function peerCauses(peer: Record<string, unknown>, path: string): StatusCause[] {
  const selectors = ["podSelector", "namespaceSelector"].filter((name) => peer[name] !== undefined);
  if (peer["ipBlock"] === undefined && selectors.length === 0) return [required(path, "must specify a peer")];
  if (peer["ipBlock"] !== undefined && selectors.length > 0)
    return [forbidden(path, "may not specify both ipBlock and another peer")];
  return [
    ...selectors.flatMap((name) => selectorCauses(peer, name).map((cause) => below(cause, path))),
    ...(peer["ipBlock"] === undefined ? [] : blockCauses(record(peer, "ipBlock"), `${path}.ipBlock`)),
  ];
}

function blockCauses(block: Record<string, unknown>, path: string): StatusCause[] {
  const cidr = text(block, "cidr");
  if (cidr === "") return [required(`${path}.cidr`)];
  if (!isNetwork(cidr)) return [invalid(`${path}.cidr`, cidr, notNetwork)];
  return list<string>(block, "except").flatMap((except, index) => {
    const at = `${path}.except[${index}]`;
    if (!isNetwork(except)) return [invalid(at, except, notNetwork)];
    return isWithin(except, cidr) ? [] : [invalid(at, except, `must be a strict subset of \`cidr\` (${cidr})`)];
  });
}

const notNetwork = "must be a network in CIDR notation, e.g. 10.9.8.0/24 or 2001:db8::/64";

function isNetwork(cidr: string): boolean {
  const [address = "", length = "", ...rest] = cidr.split("/");
  const isVersion6 = rest.length === 0 && isIPv6(address) && /^\d{1,3}$/.test(length) && Number(length) <= 128;
  return isVersion6 || parseIpv4Network(cidr) !== undefined;
}

/** Strictly. Of IPv6, which no pod has, only that it is of the same family. */
function isWithin(except: string, cidr: string): boolean {
  const [inner, outer] = [parseIpv4Network(except), parseIpv4Network(cidr)];
  if (inner === undefined || outer === undefined) return inner === outer;
  const isSmaller = inner.last - inner.first < outer.last - outer.first;
  return isSmaller && inner.first >= outer.first && inner.last <= outer.last;
}

function selectorCauses(object: object, ...path: string[]): StatusCause[] {
  const selector = field(object, ...path) as LabelSelector | undefined;
  return selector === undefined ? [] : validateLabelSelector(selector, path.join("."));
}

function below(cause: StatusCause, path: string): StatusCause {
  return { ...cause, field: `${path}.${cause.field}` };
}
