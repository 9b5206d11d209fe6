/**
 * Gives Services their cluster addresses and node ports.
 *
 * What is taken is read from the stored Services each time, so nothing can leak and nothing needs repair after a
 * crash. Between the choice and the write of the Service the choice is held in memory, for other requests to see.
 */
import { randomInt } from "node:crypto";
import type { AdmissionPlugin, AdmissionRequest } from "../../../api/admission.ts";
import { services } from "../../../api/core.ts";
import type { KubeObject } from "../../../api/meta.ts";
import { invalidObject } from "../../apimachinery/invalid.ts";
import { invalid } from "../../apimachinery/schema/cause.ts";
import { nthAddress } from "../../base/instance.ts";
import { familyOfNetwork, type IpFamily, networkHolds } from "../../base/ip-network.ts";
import { StatusError } from "../../base/errors.ts";
import { ensure, list, number } from "../registry/field.ts";
import type { Cache } from "../storage/cache.ts";
import { keyOf, prefixOf } from "../storage/keys.ts";
import { chooseFamilies, type ServiceSpec } from "./service-families.ts";

/** The API server's own, and DNS; handed out only when asked for. */
const reservedAddresses = 16;
const nodePorts = { first: 30_000, last: 32_767 };
const holdMs = 30_000;

export function createServiceAddresses(cache: Cache, cidrs: readonly string[]): AdmissionPlugin {
  const allocator = new Allocator(cache, cidrs);
  return {
    name: "ServiceAddresses",
    matches: ({ resource, operation, subresource }) =>
      resource.group === "" && resource.plural === services.plural && operation !== "DELETE" && subresource === "",
    mutate: (request) => allocator.assign(request),
  };
}

class Allocator {
  readonly #cache: Cache;
  readonly #ranges: ReadonlyMap<IpFamily, string>;
  /** Address or `port/N` -> key of the service that holds it and until when. */
  readonly #held = new Map<string, { key: string; until: number }>();

  constructor(cache: Cache, cidrs: readonly string[]) {
    this.#cache = cache;
    this.#ranges = new Map(
      cidrs.flatMap((cidr) => {
        const family = familyOfNetwork(cidr);
        return family === undefined ? [] : [[family, cidr] as const];
      }),
    );
  }

  assign(request: AdmissionRequest): KubeObject {
    const service = request.object ?? {};
    const key = keyOf(services, request.namespace, request.name);
    const spec = ensure(service, "spec");
    if (spec["type"] === "ExternalName") {
      delete spec["clusterIP"];
      delete spec["clusterIPs"];
      delete spec["ipFamilies"];
      delete spec["ipFamilyPolicy"];
      return service;
    }
    this.#assignAddresses(service, spec, request, key);
    if (spec["type"] === "NodePort" || spec["type"] === "LoadBalancer") this.#assignPorts(service, spec, key);
    else for (const port of list(spec, "ports")) delete port["nodePort"];
    return service;
  }

  #assignAddresses(service: KubeObject, spec: ServiceSpec, { oldObject }: AdmissionRequest, key: string): void {
    const old = (oldObject as { spec?: ServiceSpec } | undefined)?.spec;
    const choice = chooseFamilies(spec, old, [...this.#ranges.keys()]);
    if (Array.isArray(choice)) throw invalidObject(services, service.metadata?.name ?? "", choice);
    spec.ipFamilyPolicy = choice.policy;
    spec.ipFamilies = choice.families;
    if (spec.clusterIP === "None") {
      spec.clusterIPs = ["None"];
      return;
    }
    const taken = this.#takenBy(key, clusterIpsOf);
    const chosen = choice.families.map((family, index) => {
      const asked = choice.addresses[index] ?? "";
      const range = this.#ranges.get(family) ?? "";
      if (asked !== "") checkAddress(service, asked, range, taken);
      return asked === "" ? freeAddress(range, taken) : asked;
    });
    [spec.clusterIP = ""] = chosen;
    spec.clusterIPs = chosen;
    for (const address of chosen) this.#hold(address, key);
  }

  #assignPorts(service: KubeObject, spec: Record<string, unknown>, key: string): void {
    const taken = this.#takenBy(key, (other) =>
      list(other, "spec", "ports").map((port) => portName(number(port, "nodePort"))),
    );
    const mine = new Set<string>();
    for (const [index, port] of list(spec, "ports").entries()) {
      const asked = number(port, "nodePort");
      const conflict = asked !== 0 && taken.has(portName(asked));
      const field = `spec.ports[${index}].nodePort`;
      if (conflict)
        throw invalidObject(services, service.metadata?.name ?? "", [
          invalid(field, asked, "provided port is already allocated"),
        ]);
      if (asked !== 0 && (asked < nodePorts.first || asked > nodePorts.last))
        throw invalidObject(services, service.metadata?.name ?? "", [
          invalid(
            field,
            asked,
            `provided port is not in the valid range. The range of valid ports is ${nodePorts.first}-${nodePorts.last}`,
          ),
        ]);
      const chosen = asked === 0 ? freePort(new Set([...taken, ...mine])) : asked;
      port["nodePort"] = chosen;
      mine.add(portName(chosen));
      this.#hold(portName(chosen), key);
    }
  }

  /** What other services have, stored or about to be. */
  #takenBy(key: string, claims: (service: KubeObject) => string[]): ReadonlySet<string> {
    const stored = this.#cache.list(prefixOf(services, undefined)).filter((entry) => entry.key !== key);
    const now = Date.now();
    for (const [claim, held] of this.#held) if (held.until < now) this.#held.delete(claim);
    const held = [...this.#held].filter(([, holder]) => holder.key !== key).map(([claim]) => claim);
    return new Set([...stored.flatMap((entry) => claims(entry.object)), ...held]);
  }

  #hold(claim: string, key: string): void {
    this.#held.set(claim, { key, until: Date.now() + holdMs });
  }
}

function clusterIpsOf(service: KubeObject): string[] {
  const { clusterIP = "", clusterIPs = [] } = (service as { spec?: ServiceSpec }).spec ?? {};
  return [clusterIP, ...clusterIPs];
}

function checkAddress(service: KubeObject, address: string, range: string, taken: ReadonlySet<string>): void {
  const isUsable = networkHolds(range, address) && !edgesOf(range).includes(address);
  const why = !isUsable
    ? `failed to allocate IP ${address}: the provided IP is not in the valid range. The range of valid IPs is ${range}`
    : taken.has(address)
      ? `failed to allocate IP ${address}: provided IP is already allocated`
      : undefined;
  if (why !== undefined)
    throw invalidObject(services, service.metadata?.name ?? "", [invalid("spec.clusterIPs", [address], why)]);
}

function freeAddress(range: string, taken: ReadonlySet<string>): string {
  const count = sizeOf(range) - 1 - reservedAddresses;
  const start = randomInt(count);
  for (let step = 0; step < count; step += 1) {
    const address = nthAddress(range, reservedAddresses + ((start + step) % count));
    if (!taken.has(address)) return address;
  }
  throw new StatusError("InternalError", `no address of the service range ${range} is free`);
}

/** The first and the last are nobody's. */
function edgesOf(range: string): string[] {
  return [nthAddress(range, 0), nthAddress(range, sizeOf(range) - 1)];
}

function sizeOf(range: string): number {
  return 2 ** ((range.includes(":") ? 128 : 32) - Number(range.split("/")[1]));
}

function portName(port: number): string {
  return `port/${port}`;
}

function freePort(taken: ReadonlySet<string>): number {
  const count = nodePorts.last - nodePorts.first + 1;
  const start = randomInt(count);
  for (let step = 0; step < count; step += 1) {
    const port = nodePorts.first + ((start + step) % count);
    if (!taken.has(portName(port))) return port;
  }
  throw new StatusError("InternalError", `no node port between ${nodePorts.first} and ${nodePorts.last} is free`);
}
