import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleVmi } from "../../../../api/kubevirt/sample.ts";
import type { VirtualMachineInstanceStatus } from "../../../../api/kubevirt/types.ts";
import { networksAnnotation } from "../../../../api/network-attachments.ts";
import { attachedNetworks, changedNetworks } from "./attached-networks.ts";
import type { LauncherPod } from "./launcher.ts";

const tells = (...names: string[]): VirtualMachineInstanceStatus => ({ interfaces: names.map((name) => ({ name })) });

/** With the pod's network and one more. */
function machine(state?: string, status: VirtualMachineInstanceStatus = tells("default", "lan")) {
  const vmi = sampleVmi();
  const { spec } = vmi;
  spec.networks = [
    { name: "default", pod: {} },
    { name: "lan", multus: { networkName: "lan" } },
  ];
  spec.domain.devices.interfaces = [
    { name: "default", masquerade: {} },
    { name: "lan", bridge: {}, ...(state && { state }) },
  ];
  return { ...vmi, status };
}

const alone = () => {
  const vmi = machine();
  vmi.spec.networks?.pop();
  vmi.spec.domain.devices.interfaces?.pop();
  return vmi;
};
const pod = (text?: string): LauncherPod => ({
  metadata: text === undefined ? {} : { annotations: { [networksAnnotation]: text } },
});

test("a pod's annotation follows the machine's interfaces", () => {
  const lan = attachedNetworks(machine());
  assert.ok(lan !== undefined);
  assert.equal(changedNetworks(machine(), pod(lan)), undefined);
  assert.equal(changedNetworks(machine(), pod()), lan);
  assert.equal(changedNetworks(alone(), pod()), undefined);
});

test("an absent one stays attached until the guest has let go of it", () => {
  const lan = attachedNetworks(machine());
  assert.equal(changedNetworks(machine("absent"), pod(lan)), undefined);
  assert.equal(changedNetworks(machine("absent", tells("default")), pod(lan)), null);
  assert.equal(attachedNetworks(machine("absent", {})), undefined, "one that was never there");
});

test("what others have put there is theirs", () => {
  for (const text of ["istio-cni", '[{"name":"x"}]', "{"]) {
    assert.equal(changedNetworks(machine(), pod(text)), undefined);
    assert.equal(changedNetworks(alone(), pod(text)), undefined);
  }
});
