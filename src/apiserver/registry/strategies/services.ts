/** Services: defaults, port rules, and what may change. Families and addresses are given by the allocator (admission/service-addresses). */
import type { KubeObject } from "../../../../api/meta.ts";
import type { StatusCause } from "../../../base/errors.ts";
import { duplicate, invalid, required } from "../../../apimachinery/schema/cause.ts";
import { ensure, fill, list, number, text } from "../field.ts";
import type { Strategy } from "../kind.ts";

export const serviceStrategy: Strategy = {
  default(service) {
    const spec = ensure(service, "spec");
    fill(spec, "type", "ClusterIP");
    for (const port of list(spec, "ports")) fill(port, "targetPort", port["port"]);
    if (spec["sessionAffinity"] === "ClientIP")
      fill(ensure(spec, "sessionAffinityConfig", "clientIP"), "timeoutSeconds", 10_800);
    if (spec["type"] === "ExternalName") return;
    fill(spec, "internalTrafficPolicy", "Cluster");
    if (spec["type"] === "NodePort" || spec["type"] === "LoadBalancer") fill(spec, "externalTrafficPolicy", "Cluster");
    if (spec["type"] === "LoadBalancer") fill(spec, "allocateLoadBalancerNodePorts", true);
  },
  prepareCreate(service) {
    ensure(service)["status"] = { loadBalancer: {} };
  },
  prepareUpdate(service, old) {
    const spec = ensure(service, "spec");
    // A client that does not know the address keeps it.
    if (text(spec, "type") !== "ExternalName" && text(old, "spec", "clusterIP")) {
      fill(spec, "clusterIP", text(old, "spec", "clusterIP"));
      if (spec["clusterIP"] === "") spec["clusterIP"] = text(old, "spec", "clusterIP");
    }
  },
  validate: validateService,
  validateUpdate(service, old) {
    const before = text(old, "spec", "clusterIP");
    const after = text(service, "spec", "clusterIP");
    const becameExternal =
      text(service, "spec", "type") === "ExternalName" || text(old, "spec", "type") === "ExternalName";
    return before !== "" && after !== before && !becameExternal
      ? [invalid("spec.clusterIPs[0]", [after], "may not change once set")]
      : [];
  },
  fields: (service) => ({
    "spec.clusterIP": text(service, "spec", "clusterIP"),
    "spec.type": text(service, "spec", "type"),
  }),
};

function validateService(service: KubeObject): StatusCause[] {
  const type = text(service, "spec", "type");
  if (type === "ExternalName") return text(service, "spec", "externalName") ? [] : [required("spec.externalName")];
  const ports = list(service, "spec", "ports");
  const headless = text(service, "spec", "clusterIP") === "None";
  const causes = ports.flatMap((port, index) => validatePort(port, `spec.ports[${index}]`, ports.length > 1));
  if (ports.length === 0 && !headless) causes.push(required("spec.ports"));
  return [...causes, ...repeated(ports)];
}

function validatePort(port: Record<string, unknown>, path: string, named: boolean): StatusCause[] {
  const value = number(port, "port");
  const causes =
    value > 0 && value < 65_536 ? [] : [invalid(`${path}.port`, value, "must be between 1 and 65535, inclusive")];
  return named && text(port, "name") === "" ? [...causes, required(`${path}.name`)] : causes;
}

function repeated(ports: Record<string, unknown>[]): StatusCause[] {
  const names = ports.map((port) => text(port, "name"));
  const numbers = ports.map((port) => `${text(port, "protocol")}/${number(port, "port")}`);
  return [
    ...names.flatMap((name, index) =>
      name !== "" && names.indexOf(name) < index ? [duplicate(`spec.ports[${index}].name`, name)] : [],
    ),
    ...numbers.flatMap((each, index) =>
      numbers.indexOf(each) < index ? [duplicate(`spec.ports[${index}]`, each)] : [],
    ),
  ];
}
