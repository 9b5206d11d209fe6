import assert from "node:assert/strict";
import { test } from "node:test";
import { isPasst, type PasstAnswers, passtArgv } from "./passt-argv.ts";

const answers: PasstAnswers = {
  network: { uplink: "eth0", mtu: 1450, ports: [] },
  resolver: { servers: ["10.43.0.10"], servers6: ["fd43::a"], searchDomains: ["svc.cluster.local", "cluster.local"] },
  hostname: "web",
};

/** What follows an option, each time that it is given. */
function valuesOf(option: string, given: Partial<PasstAnswers>): string[] {
  const argv = passtArgv("/passt", { ...answers, ...given });
  return argv.flatMap((word, index) => (word === option ? [argv[index + 1] ?? ""] : []));
}

test("the guest is told what its pod resolves by, and its name", () => {
  assert.deepEqual(valuesOf("--dns", {}), ["10.43.0.10", "fd43::a"]);
  assert.deepEqual(valuesOf("--search", {}), ["svc.cluster.local cluster.local"]);
  assert.deepEqual(valuesOf("--hostname", {}), ["web"]);
});

test("a pod that resolves nothing has a guest that is told nothing, not what the node resolves by", () => {
  const argv = passtArgv("/passt", { ...answers, resolver: { servers: [], servers6: [], searchDomains: [] } });
  for (const option of ["--no-dhcp-dns", "--no-dhcp-search"]) assert.ok(argv.includes(option), option);
});

test("all ports lead to the guest, or those that are named, of each protocol", () => {
  assert.deepEqual([valuesOf("--tcp-ports", {}), valuesOf("--udp-ports", {})], [["all"], ["all"]]);
  const ports = [
    { protocol: "TCP", port: 443 },
    { protocol: "TCP", port: 80, lastPort: 90 },
    { protocol: "TCP", port: 85, lastPort: 100 },
  ] as const;
  const network = { ...answers.network, ports };
  assert.deepEqual(
    [valuesOf("--tcp-ports", { network }), valuesOf("--udp-ports", { network })],
    [["80-100,443"], ["none"]],
  );
});

test("its command line tells passt from other programs with a loader of their own", () => {
  assert.ok(isPasst(passtArgv("/passt", answers)));
  assert.ok(!isPasst(["/virtiofs/ld.so", "--library-path", "/virtiofs", "/virtiofs/virtiofsd"]));
});
