/** The Service of one machine: its launcher pods carry the machine's name as a label. Pure. */
import type { Service } from "../../api/core.ts";
import { labels } from "../../api/kubevirt/names.ts";
import type { VirtualMachineInstanceSpec } from "../../api/kubevirt/types.ts";
import type { Machine } from "./subresource.ts";

export interface ExposeOptions {
  name: string;
  port?: number;
  targetPort?: string;
  portName?: string;
  protocol: ServicePort["protocol"];
  type: NonNullable<Service["spec"]>["type"];
  clusterIp?: string;
  externalIp?: string;
  ipFamily?: string;
  ipFamilyPolicy?: string;
}

/** A wrong one is refused by the API server. */
type IpFamilies = NonNullable<NonNullable<Service["spec"]>["ipFamilies"]>;
type IpFamilyPolicy = NonNullable<Service["spec"]>["ipFamilyPolicy"];
type ServicePort = NonNullable<NonNullable<Service["spec"]>["ports"]>[number];

/** @throws Error when neither the options nor the machine name a port */
export function renderService(machine: Machine, spec: VirtualMachineInstanceSpec, options: ExposeOptions): Service {
  const { name, type, clusterIp, externalIp, ipFamily, ipFamilyPolicy } = options;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: machine.namespace },
    spec: {
      selector: { [labels.vmName]: machine.name },
      type,
      ports: options.port === undefined ? portsOf(machine, spec) : [portOf(options, options.port)],
      ...(clusterIp && { clusterIP: clusterIp }),
      ...(externalIp && { externalIPs: [externalIp] }),
      ...(ipFamily && { ipFamilies: ipFamily.split(",") as IpFamilies }),
      ...(ipFamilyPolicy && { ipFamilyPolicy: ipFamilyPolicy as IpFamilyPolicy }),
    },
  };
}

function portOf({ targetPort, portName, protocol }: ExposeOptions, port: number): ServicePort {
  const number = Number(targetPort);
  const target = targetPort === undefined ? port : Number.isInteger(number) ? number : targetPort;
  return { port, targetPort: target, protocol, ...(portName && { name: portName }) };
}

function portsOf({ kind, name }: Machine, { domain }: VirtualMachineInstanceSpec): ServicePort[] {
  const ports = (domain.devices.interfaces ?? []).flatMap((each) => each.ports ?? []);
  if (ports.length === 0)
    throw new Error(`couldn't find port via --port flag or introspection: the interfaces of ${kind} ${name} name none`);
  return ports.map(({ name: portName, port, protocol }, index) => ({
    name: portName || `port-${index + 1}`,
    port,
    targetPort: port,
    protocol: protocol === "UDP" ? "UDP" : "TCP",
  }));
}
