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
  const table = renderPodNetwork({ instance: "x", podCidrs: ["10.0.0.0/24"], hostPorts });
  assert.match(table, /^ {4}tcp dport 8080 dnat ip to 10\.0\.0\.2:80$/m);
  assert.match(table, /^ {4}ip daddr 192\.0\.2\.1 udp dport 53 dnat ip to 10\.0\.0\.2:53$/m);
  assert.match(table, /ip saddr 10\.0\.0\.0\/24 ip daddr != 10\.0\.0\.0\/24 .*masquerade/);
});

test("with both families a port leads to both addresses, and both are masqueraded", () => {
  const both = { podIP: "10.0.0.2", podIPs: [{ ip: "10.0.0.2" }, { ip: "fd00::2" }] };
  const hostPorts = hostPortsOf([aPod({ containers }, both)]);
  const table = renderPodNetwork({ instance: "x", podCidrs: ["10.0.0.0/24", "fd00::/64"], hostPorts });
  assert.match(table, /^ {4}tcp dport 8080 dnat ip6 to \[fd00::2\]:80$/m);
  assert.match(table, /^ {4}ip6 saddr fd00::\/64 ip6 daddr != fd00::\/64 ip6 daddr != ff00::\/8 masquerade$/m);
  assert.equal(table.match(/dport 53 /g)?.length, 1, "its address on the host is an IPv4 one");
});
