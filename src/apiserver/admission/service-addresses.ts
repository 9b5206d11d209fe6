/**
 * Gives Services their cluster address and node ports.
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
import { StatusError } from "../../base/errors.ts";
import { ensure, list, number, text } from "../registry/field.ts";
import type { Cache } from "../storage/cache.ts";
import { keyOf, prefixOf } from "../storage/keys.ts";

/** The API server's own, and DNS; handed out only when asked for. */
const reservedAddresses = 16;
const nodePorts = { first: 30_000, last: 32_767 };
const holdMs = 30_000;

export function createServiceAddresses(cache: Cache, cidr: string): AdmissionPlugin {
  const allocator = new Allocator(cache, cidr);
  return {
    name: "ServiceAddresses",
    matches: ({ resource, operation, subresource }) =>
      resource.group === "" && resource.plural === services.plural && operation !== "DELETE" && subresource === "",
    mutate: (request) => allocator.assign(request),
  };
}

class Allocator {
  readonly #cache: Cache;
  readonly #cidr: string;
  readonly #size: number;
  /** Address or `port/N` -> key of the service that holds it and until when. */
  readonly #held = new Map<string, { key: string; until: number }>();

  constructor(cache: Cache, cidr: string) {
    this.#cache = cache;
    this.#cidr = cidr;
    this.#size = 2 ** (32 - Number(cidr.split("/")[1] ?? 32));
  }

  assign(request: AdmissionRequest): KubeObject {
    const service = request.object ?? {};
    const key = keyOf(services, request.namespace, request.name);
    const spec = ensure(service, "spec");
    if (spec["type"] === "ExternalName") {
      delete spec["clusterIP"];
      delete spec["clusterIPs"];
      return service;
    }
    this.#assignAddress(service, spec, key);
    if (spec["type"] === "NodePort" || spec["type"] === "LoadBalancer") this.#assignPorts(service, spec, key);
    else for (const port of list(spec, "ports")) delete port["nodePort"];
    return service;
  }

  #assignAddress(service: KubeObject, spec: Record<string, unknown>, key: string): void {
    const asked = text(spec, "clusterIP");
    const taken = this.#takenBy(key, (other) => [text(other, "spec", "clusterIP")]);
    if (asked !== "" && asked !== "None") this.#checkAddress(service, asked, taken);
    const address = asked === "" ? this.#freeAddress(taken) : asked;
    spec["clusterIP"] = address;
    spec["clusterIPs"] = [address];
    if (address !== "None") this.#hold(address, key);
  }

  #checkAddress(service: KubeObject, address: string, taken: ReadonlySet<string>): void {
    const why = !this.#contains(address)
      ? `failed to allocate IP ${address}: the provided IP is not in the valid range. The range of valid IPs is ${this.#cidr}`
      : taken.has(address)
        ? `failed to allocate IP ${address}: provided IP is already allocated`
        : undefined;
    if (why !== undefined)
      throw invalidObject(services, service.metadata?.name ?? "", [invalid("spec.clusterIPs", [address], why)]);
  }

  #contains(address: string): boolean {
    const offset = numberOf(address) - numberOf(nthAddress(this.#cidr, 0));
    return offset > 0 && offset < this.#size - 1;
  }

  #freeAddress(taken: ReadonlySet<string>): string {
    const count = this.#size - 1 - reservedAddresses;
    const start = randomInt(count);
    for (let step = 0; step < count; step += 1) {
      const address = nthAddress(this.#cidr, reservedAddresses + ((start + step) % count));
      if (!taken.has(address)) return address;
    }
    throw new StatusError("InternalError", `no address of the service range ${this.#cidr} is free`);
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

function numberOf(address: string): number {
  return address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
}
