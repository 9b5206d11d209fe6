/** A machine for the tests of the metadata service. */
import type { InstanceFacts } from "./metadata-tree.ts";

export const facts: InstanceFacts = {
  instanceId: "web.default",
  namespace: "default",
  hostname: "web",
  address: "10.0.2.2",
  mac: "02:11:22:33:44:55",
  publicAddress: "10.42.0.7",
  zone: "node1",
  region: undefined,
  instanceType: undefined,
  architecture: "x86_64",
  createdAt: "2026-01-01T00:00:00Z",
  publicKeys: ["ssh-ed25519 A", "ssh-ed25519 B"],
  userData: Buffer.from("#cloud-config\n"),
};
