import assert from "node:assert/strict";
import { test } from "node:test";
import type { VirtualMachineInstanceSpec } from "../../api/kubevirt/types.ts";
import { renderService } from "./render-service.ts";

const machine = { kind: "vm" as const, namespace: "lab", name: "web" };
const options = { name: "svc", protocol: "TCP", type: "ClusterIP" } as const;
const spec = (ports: object[]): VirtualMachineInstanceSpec => ({
  domain: { devices: { interfaces: [{ name: "default", masquerade: {}, ports: ports as never }] } },
});

test("a Service for a port of a machine", () => {
  const more = {
    port: 80,
    targetPort: "8080",
    portName: "http",
    clusterIp: "None",
    externalIp: "192.0.2.1",
    ipFamily: "IPv6,IPv4",
  };
  assert.deepEqual(renderService(machine, spec([]), { ...options, ...more, ipFamilyPolicy: "RequireDualStack" }), {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "svc", namespace: "lab" },
    spec: {
      selector: { "vm.kubevirt.io/name": "web" },
      type: "ClusterIP",
      ports: [{ port: 80, targetPort: 8080, protocol: "TCP", name: "http" }],
      clusterIP: "None",
      externalIPs: ["192.0.2.1"],
      ipFamilies: ["IPv6", "IPv4"],
      ipFamilyPolicy: "RequireDualStack",
    },
  });
});

test("without a port, a Service for those that its interface names", () => {
  const { spec: rendered } = renderService(
    machine,
    spec([{ port: 22 }, { name: "dns", port: 53, protocol: "UDP" }]),
    options,
  );
  assert.deepEqual(rendered?.ports, [
    { name: "port-1", port: 22, targetPort: 22, protocol: "TCP" },
    { name: "dns", port: 53, targetPort: 53, protocol: "UDP" },
  ]);
  assert.throws(() => renderService(machine, spec([]), options), /couldn't find port via --port flag or introspection/);
});
