/** Which families of addresses a Service has, and which it asks for that it cannot have. Pure. */
import type { StatusCause } from "../../base/errors.ts";
import { familyOf, families, type IpFamily } from "../../base/ip-network.ts";
import { invalid } from "../../apimachinery/schema/cause.ts";

export interface ServiceSpec {
  type?: string;
  clusterIP?: string;
  clusterIPs?: string[];
  ipFamilies?: string[];
  ipFamilyPolicy?: string;
  selector?: Record<string, string>;
}

export interface FamilyChoice {
  policy: string;
  families: IpFamily[];
  /** Of each family, what is asked for; empty where any address will do. */
  addresses: string[];
}

const policies = ["SingleStack", "PreferDualStack", "RequireDualStack"];
const headless = "None";

/**
 * `available`: what Services of this cluster can have, the first being the default. `old`: the Service as it is stored; what a
 * client leaves out stays, and who goes back to one family keeps the first.
 */
export function chooseFamilies(
  asked: ServiceSpec,
  old: ServiceSpec | undefined,
  available: readonly IpFamily[],
): FamilyChoice | StatusCause[] {
  const spec = { ...asked, ...remembered(asked, old) };
  const given = (spec.ipFamilies ?? []) as IpFamily[];
  const clusterIps = (spec.clusterIPs ?? []).filter((address) => address !== headless);
  const policy = spec.ipFamilyPolicy ?? (isOpen(spec) ? "RequireDualStack" : "SingleStack");
  const [first = available[0] ?? "IPv4", ...others] = given.length > 0 ? given : clusterIps.flatMap(familiesOf);
  const second = others[0] ?? families.find((family) => family !== first);
  const causes = complaints({ ...spec, ipFamilyPolicy: policy }, { given, clusterIps, available });
  if (causes.length > 0) return causes;
  const wantsSecond = policy !== "SingleStack" && second !== undefined;
  const hasSecond = wantsSecond && (isOpen(spec) || available.includes(second));
  const chosen = hasSecond ? [first, second] : [first];
  return {
    policy,
    families: chosen,
    addresses: chosen.map((family) => clusterIps.find((address) => familyOf(address) === family) ?? ""),
  };
}

/** A Service without selector and address may name whatever addresses its endpoints have. */
function isOpen({ clusterIP, selector }: ServiceSpec): boolean {
  return clusterIP === headless && Object.keys(selector ?? {}).length === 0;
}

function remembered(asked: ServiceSpec, old: ServiceSpec | undefined): Partial<ServiceSpec> {
  const primary = asked.clusterIP ? [asked.clusterIP] : [];
  const clusterIPs = asked.clusterIPs ?? primary;
  if (old === undefined || old.type === "ExternalName") return { clusterIPs };
  const policy = asked.ipFamilyPolicy ?? old.ipFamilyPolicy;
  const kept = asked.clusterIPs ?? old.clusterIPs ?? primary;
  const ipFamilies = asked.ipFamilies ?? old.ipFamilies;
  const goesBack = policy === "SingleStack" && old.ipFamilyPolicy !== "SingleStack";
  return {
    ...(policy !== undefined && { ipFamilyPolicy: policy }),
    clusterIPs: goesBack ? kept.slice(0, 1) : kept,
    ...(ipFamilies && { ipFamilies: goesBack ? ipFamilies.slice(0, 1) : ipFamilies }),
  };
}

interface Given {
  given: readonly IpFamily[];
  clusterIps: readonly string[];
  available: readonly IpFamily[];
}

function complaints(spec: ServiceSpec, { given, clusterIps, available }: Given): StatusCause[] {
  const { ipFamilyPolicy: policy = "" } = spec;
  const isKnown = (family: string): boolean => (families as readonly string[]).includes(family);
  const hasFamily = (family: IpFamily): boolean => isOpen(spec) || available.includes(family);
  const contradicts = (address: string, index: number): boolean =>
    given[index] !== undefined && familyOf(address) !== given[index];
  return [
    ...(policies.includes(policy)
      ? []
      : [invalid("spec.ipFamilyPolicy", policy, `must be one of ${policies.join(", ")}`)]),
    ...given.flatMap((family, index) => {
      if (!isKnown(family)) return [invalid(`spec.ipFamilies[${index}]`, family, "must be IPv4 or IPv6")];
      if (given.indexOf(family) < index) return [invalid(`spec.ipFamilies[${index}]`, family, "is there already")];
      return hasFamily(family) ? [] : [invalid(`spec.ipFamilies[${index}]`, family, "not configured on this cluster")];
    }),
    ...clusterIps.flatMap((address, index) =>
      contradicts(address, index)
        ? [
            invalid(
              `spec.clusterIPs[${index}]`,
              address,
              `expected an ${given[index]} value as indicated by spec.ipFamilies[${index}]`,
            ),
          ]
        : [],
    ),
    ...(policy === "SingleStack" && Math.max(given.length, clusterIps.length) > 1
      ? [
          invalid(
            "spec.ipFamilyPolicy",
            policy,
            "must be RequireDualStack or PreferDualStack when multiple ipFamilies or clusterIPs are specified",
          ),
        ]
      : []),
    ...(policy === "RequireDualStack" && !isOpen(spec) && available.length < 2
      ? [invalid("spec.ipFamilyPolicy", policy, "this cluster is not configured for dual-stack services")]
      : []),
  ];
}

function familiesOf(address: string): IpFamily[] {
  const family = familyOf(address);
  return family === undefined ? [] : [family];
}
