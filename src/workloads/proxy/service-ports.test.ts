import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../base/property.fixture.ts";
import type { Service } from "../../../api/core.ts";
import type { EndpointSlice } from "../../../api/discovery.ts";
import { servicePorts } from "./service-ports.ts";

const service = (spec: Service["spec"] = {}): Service => ({
  metadata: { name: "web", namespace: "n" },
  spec: { clusterIP: "10.0.0.1", ports: [{ port: 80 }], ...spec },
});
type Conditions = NonNullable<EndpointSlice["endpoints"]>[number]["conditions"];
const slice = (endpoints: Record<string, Conditions>, port = 8080, name = ""): EndpointSlice => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { namespace: "n", labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  ports: [{ name, port }],
  endpoints: Object.entries(endpoints).map(([address, conditions]) => ({ addresses: [address], conditions })),
});
const ready = { ready: true };
const backendsOf = (...slices: EndpointSlice[]) =>
  servicePorts([service()], slices)[0]?.backends.map(({ address, port }) => `${address}:${port}`);

test("ready endpoints of all slices, each once", () => {
  const two = slice({ "10.1.0.2": ready, "10.1.0.1": ready });
  assert.deepEqual(backendsOf(two, slice({ "10.1.0.1": ready, "10.1.0.3": { ready: false } })), [
    "10.1.0.1:8080",
    "10.1.0.2:8080",
  ]);
});

test("terminating ones serve only when none is ready", () => {
  const ending = { ready: false, serving: true, terminating: true };
  assert.deepEqual(backendsOf(slice({ "10.1.0.1": ending })), ["10.1.0.1:8080"]);
  assert.deepEqual(backendsOf(slice({ "10.1.0.1": ending, "10.1.0.2": ready })), ["10.1.0.2:8080"]);
});

test("a port finds its own number by name", () => {
  const named = service({
    ports: [
      { name: "a", port: 80 },
      { name: "b", port: 81, protocol: "UDP" },
    ],
  });
  const ports = servicePorts(
    [named],
    [slice({ "10.1.0.1": ready }, 1111, "a"), slice({ "10.1.0.1": ready }, 2222, "b")],
  );
  assert.deepEqual(
    ports.map(({ id, protocol, backends }) => [id, protocol, backends[0]?.port]),
    [
      ["n/web:a", "tcp", 1111],
      ["n/web:b", "udp", 2222],
    ],
  );
});

test("what has no address of its own is not routed", () => {
  const types = [service({ clusterIP: "None" }), service({ clusterIP: "" }), service({ type: "ExternalName" })];
  assert.deepEqual(servicePorts(types, []), []);
});

test("external addresses count, if the Service has their family", () => {
  const [port] = servicePorts([service({ externalIPs: ["192.0.2.1", "2001:db8::1"] })], []);
  assert.deepEqual(port?.addresses, ["10.0.0.1", "192.0.2.1"]);
});

test("a Service of both families is a port in each, with the endpoints of that family", () => {
  const both = service({ clusterIPs: ["10.0.0.1", "fd00::1"], externalIPs: ["192.0.2.1", "2001:db8::1"] });
  const six: EndpointSlice = { ...slice({ "fd01::7": ready, "fe80::1%eth0": ready }), addressType: "IPv6" };
  assert.deepEqual(
    servicePorts([both], [slice({ "10.1.0.1": ready }), six]).map(({ family, addresses, backends }) => [
      family,
      addresses,
      backends.map(({ address }) => address),
    ]),
    [
      ["IPv4", ["10.0.0.1", "192.0.2.1"], ["10.1.0.1"]],
      ["IPv6", ["fd00::1", "2001:db8::1"], ["fd01::7"]],
    ],
  );
});

test("session affinity lasts three hours if nothing else is said", () => {
  const affinity = (spec: Service["spec"]) => servicePorts([service(spec)], [])[0]?.affinitySeconds;
  assert.equal(affinity({}), undefined);
  assert.equal(affinity({ sessionAffinity: "ClientIP" }), 10_800);
  const sessionAffinityConfig = { clientIP: { timeoutSeconds: 60 } };
  assert.equal(affinity({ sessionAffinity: "ClientIP", sessionAffinityConfig }), 60);
});

test("whatever a Service or a slice calls itself, only addresses and harmless text reach the rules", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (portName, address) => {
      const named = service({ ports: [{ name: portName, port: 80 }] });
      for (const { id, backends } of servicePorts([named], [slice({ [address]: ready }, 8080, portName)])) {
        assert.match(id, /^[\w./:?-]*$/);
        for (const backend of backends) assert.match(backend.address, /^[\d.]+$/);
      }
    }),
  );
  assert.deepEqual(backendsOf(slice({ '1.1.1.1; include "/etc/shadow"': ready })), []);
});
