/** `WEB_SERVICE_HOST` and its Docker-style relatives, for programs older than cluster DNS. */
import type { Pod, Service } from "../../../api/core.ts";

/** Variables of the namespace's services (with `enableServiceLinks`) and always those of the API server. */
export function serviceEnv(services: Service[], pod: Pod): [string, string][] {
  const linked = pod.spec?.enableServiceLinks !== false;
  return services
    .filter((service) => isApiServer(service) || (linked && service.metadata?.namespace === pod.metadata?.namespace))
    .filter(hasClusterIp)
    .flatMap(variablesOf);
}

const isApiServer = ({ metadata }: Service): boolean =>
  metadata?.namespace === "default" && metadata.name === "kubernetes";

const hasClusterIp = ({ spec }: Service): boolean =>
  spec?.clusterIP !== undefined && spec.clusterIP !== "" && spec.clusterIP !== "None";

function variablesOf(service: Service): [string, string][] {
  const prefix = (service.metadata?.name ?? "").toUpperCase().replaceAll("-", "_");
  const host = service.spec?.clusterIP ?? "";
  const ports = service.spec?.ports ?? [];
  const first = ports[0];
  if (first === undefined) {
    return [];
  }
  return [
    [`${prefix}_SERVICE_HOST`, host],
    [`${prefix}_SERVICE_PORT`, String(first.port)],
    ...ports
      .filter((port) => port.name)
      .map((port): [string, string] => [`${prefix}_SERVICE_PORT_${envName(port.name ?? "")}`, String(port.port)]),
    [`${prefix}_PORT`, url(first, host)],
    ...ports.flatMap((port) => dockerVariables(prefix, host, port)),
  ];
}

type Port = NonNullable<NonNullable<Service["spec"]>["ports"]>[number];

const envName = (name: string): string => name.toUpperCase().replaceAll("-", "_");
const protocolOf = (port: Port): string => port.protocol ?? "TCP";
const url = (port: Port, host: string): string => `${protocolOf(port).toLowerCase()}://${host}:${port.port}`;

function dockerVariables(prefix: string, host: string, port: Port): [string, string][] {
  const name = `${prefix}_PORT_${port.port}_${protocolOf(port)}`;
  return [
    [name, url(port, host)],
    [`${name}_PROTO`, protocolOf(port).toLowerCase()],
    [`${name}_PORT`, String(port.port)],
    [`${name}_ADDR`, host],
  ];
}
