import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, Service } from "../../../api/core.ts";
import { desiredEndpoints, desiredSlices } from "./plan.ts";

const service = (spec: Service["spec"] = {}): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "n", uid: "u", labels: { team: "x" } },
  spec: { clusterIP: "10.0.0.1", selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
});

interface PodShape {
  ready?: boolean;
  leaving?: boolean;
  phase?: string;
  named?: number;
  spec?: Partial<Pod["spec"]>;
}

const pod = (ip: string, { ready = true, leaving = false, phase = "Running", named, spec }: PodShape = {}): Pod => ({
  metadata: { name: `p-${ip}`, namespace: "n", uid: ip, ...(leaving && { deletionTimestamp: "2026-01-01T00:00:00Z" }) },
  spec: {
    nodeName: "node",
    containers: [{ name: "c", ...(named !== undefined && { ports: [{ name: "http", containerPort: named }] }) }],
    ...spec,
  },
  status: {
    phase: phase as "Running",
    ...(ip !== "" && { podIP: ip }),
    conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
  },
});

const endpointsOf = (wanted: Service, pods: Pod[]) =>
  desiredSlices(wanted, pods).flatMap((slice) =>
    (slice.endpoints ?? []).map(({ addresses, conditions }) => [
      addresses[0],
      ...Object.entries(conditions ?? {}).flatMap(([name, value]) => (value ? [name] : [])),
    ]),
  );

test("ready, unready and terminating pods are told apart; ended and unplaced ones are left out", () => {
  const pods = [
    pod("10.1.0.3", { leaving: true }),
    pod("10.1.0.2", { ready: false }),
    pod("10.1.0.1"),
    pod("10.1.0.4", { phase: "Succeeded" }),
    pod(""),
  ];
  assert.deepEqual(endpointsOf(service(), pods), [
    ["10.1.0.1", "ready", "serving"],
    ["10.1.0.2"],
    ["10.1.0.3", "serving", "terminating"],
  ]);
});

test("publishNotReadyAddresses makes all of them ready", () => {
  const wanted = service({ publishNotReadyAddresses: true });
  assert.deepEqual(endpointsOf(wanted, [pod("10.1.0.1", { ready: false })]), [["10.1.0.1", "ready"]]);
});

test("a named target port is each pod's own number", () => {
  const wanted = service({ ports: [{ name: "web", port: 80, targetPort: "http" }] });
  const slices = desiredSlices(wanted, [pod("10.1.0.1", { named: 8080 }), pod("10.1.0.2", { named: 9090 })]);
  assert.deepEqual(
    slices.map(({ metadata, ports }) => [metadata?.name, ports?.[0]?.port]),
    [
      ["web-ipv4", 8080],
      ["web-ipv4-1", 9090],
    ],
  );
});

test("a pod without the named port serves none", () => {
  const wanted = service({ ports: [{ name: "web", port: 80, targetPort: "http" }] });
  assert.deepEqual(desiredSlices(wanted, [pod("10.1.0.1")])[0]?.ports, []);
});

test("without pods there is still one slice, and Endpoints without subsets", () => {
  const [slice, ...others] = desiredSlices(service(), []);
  assert.deepEqual([slice?.endpoints, slice?.ports?.[0]?.port, others], [[], 8080, []]);
  assert.deepEqual(desiredEndpoints(service(), []).subsets, []);
});

test("a headless Service is labelled so, and a pod of its subdomain has its host name", () => {
  const [slice] = desiredSlices(service({ clusterIP: "None" }), [
    pod("10.1.0.1", { spec: { hostname: "db-0", subdomain: "web" } }),
    pod("10.1.0.2", { spec: { hostname: "db-1", subdomain: "other" } }),
  ]);
  assert.equal(slice?.metadata?.labels?.["service.kubernetes.io/headless"], "");
  assert.deepEqual(
    slice?.endpoints?.map(({ hostname }) => hostname),
    ["db-0", undefined],
  );
});

test("Endpoints list ready and unready addresses apart, and none that terminates", () => {
  const pods = [pod("10.1.0.1"), pod("10.1.0.2", { ready: false }), pod("10.1.0.3", { leaving: true })];
  const [subset] = desiredEndpoints(service(), pods).subsets ?? [];
  assert.deepEqual(
    [subset?.addresses?.map(({ ip }) => ip), subset?.notReadyAddresses?.map(({ ip }) => ip), subset?.ports],
    [["10.1.0.1"], ["10.1.0.2"], [{ port: 8080, protocol: "TCP" }]],
  );
});

test("a Service of both families has slices of each; Endpoints know its first", () => {
  const both = pod("10.1.0.1");
  const pods = [
    { ...both, status: { ...both.status, podIPs: [{ ip: "10.1.0.1" }, { ip: "fd00::1" }] } },
    pod("10.1.0.2"),
  ];
  const wanted = service({ ipFamilies: ["IPv6", "IPv4"] });
  assert.deepEqual(
    desiredSlices(wanted, pods).map(({ metadata, addressType, endpoints }) => [
      metadata?.name,
      addressType,
      endpoints?.flatMap(({ addresses }) => addresses),
    ]),
    [
      ["web-ipv4", "IPv4", ["10.1.0.1", "10.1.0.2"]],
      ["web-ipv6", "IPv6", ["fd00::1"]],
    ],
  );
  const [subset] = desiredEndpoints(wanted, pods).subsets ?? [];
  assert.deepEqual(
    subset?.addresses?.map(({ ip }) => ip),
    ["fd00::1"],
  );
});
