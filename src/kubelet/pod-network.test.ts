import assert from "node:assert/strict";
import { test } from "node:test";
import { hostPortsOf, renderPodNetwork } from "./pod-network.ts";
import { aPod, mainContainer } from "./pods/fixture.ts";

const ports = [
  { containerPort: 80, hostPort: 8080 },
  { containerPort: 53, hostPort: 53, hostIP: "192.0.2.1", protocol: "UDP" as const },
  { containerPort: 9 },
];
const containers = [{ ...mainContainer, ports }];

test("host ports are those of pods with an address of their own", () => {
  const running = aPod({ containers }, { phase: "Running", podIP: "10.0.0.2" });
  assert.equal(hostPortsOf([running]).length, 2);
  assert.deepEqual(hostPortsOf([aPod({ containers })]), []);
  assert.deepEqual(hostPortsOf([aPod({ containers, hostNetwork: true }, { podIP: "192.0.2.1" })]), []);
  assert.deepEqual(hostPortsOf([aPod({ containers }, { phase: "Succeeded", podIP: "10.0.0.2" })]), []);
});

test("each becomes one rule", () => {
  const hostPorts = hostPortsOf([aPod({ containers }, { podIP: "10.0.0.2" })]);
  const table = renderPodNetwork({ instance: "x", podCidr: "10.0.0.0/24", hostPorts });
  assert.match(table, /^ {4}tcp dport 8080 dnat ip to 10\.0\.0\.2:80$/m);
  assert.match(table, /^ {4}ip daddr 192\.0\.2\.1 udp dport 53 dnat ip to 10\.0\.0\.2:53$/m);
  assert.match(table, /ip saddr 10\.0\.0\.0\/24 ip daddr != 10\.0\.0\.0\/24 .*masquerade/);
});
