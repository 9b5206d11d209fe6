/** Which devices of this machine guests may use, as countable resources of the node. */
import { existsSync } from "node:fs";
import type { DeviceResource } from "../kubelet/options.ts";
import { type ProbeResult, probeKvm } from "../qemu/probe/probe.ts";

/** As many pods as a node could ever hold: sharing these devices costs nothing. */
const capacity = 1000;

/** /dev/kvm is offered only when a guest really ran on it. */
export async function findDevices(): Promise<{ devices: DeviceResource[]; kvm: ProbeResult }> {
  const kvm = await probeKvm();
  const offered = [
    { name: "devices.kubevirt.io/tun", paths: ["/dev/net/tun"], usable: existsSync("/dev/net/tun") },
    { name: "devices.kubevirt.io/kvm", paths: ["/dev/kvm"], usable: kvm.usable },
    { name: "devices.kubevirt.io/vhost-net", paths: ["/dev/vhost-net"], usable: existsSync("/dev/vhost-net") },
  ];
  const devices = offered.filter(({ usable }) => usable).map(({ name, paths }) => ({ name, paths, capacity }));
  return { devices, kvm };
}
