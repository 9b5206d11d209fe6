/** Builds the guest's network inside its pod's namespace, or mends it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../../api/core.ts";
import { runtimeUser } from "../../../api/kubevirt/names.ts";
import type { Network, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { guestSubnet } from "../../network/guest-subnet.ts";
import { podCgroups } from "../../network/pod-cgroup.ts";
import { defaultGuestCidr, names } from "../../network/pod-network.ts";
import { reconcileNetwork } from "../../network/reconcile-network.ts";
import { parseResolvConf } from "../../network/resolv-conf.ts";
import { hostPathOf, netnsOf } from "../process/container-files.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { macOf, podInterfaces } from "./desired-devices.ts";

export interface NetworkTarget {
  vmi: VirtualMachineInstance;
  pod: Pod;
  qemu: QemuProcess;
  /** Where DHCP answerers leave their pids. */
  dhcpDirectory: string;
}

export async function connectNetwork(
  { vmi, pod, qemu, dhcpDirectory }: NetworkTarget,
  signal: AbortSignal,
): Promise<void> {
  const [nic] = podInterfaces(vmi);
  if (nic === undefined) return;
  const subnet = guestSubnet(podNetworkOf(vmi, nic.name)?.pod?.vmNetworkCIDR || defaultGuestCidr);
  const [resolvConf, cgroup] = await Promise.all([
    readFile(hostPathOf(qemu.pid, "/etc/resolv.conf"), "utf8"),
    readFile(`/proc/${qemu.pid}/cgroup`, "utf8"),
  ]);
  await reconcileNetwork(
    netnsOf(qemu.pid),
    {
      network: {
        ...subnet,
        uplink: names.uplink,
        bridge: names.bridge,
        tap: names.tap,
        guestMac: macOf(vmi, nic),
        multiqueue: false,
        owner: runtimeUser,
        ports: (nic.ports ?? []).map(({ port, protocol }) => ({ port, protocol: protocolOf(protocol) })),
      },
      resolver: parseResolvConf(resolvConf),
      hostname: pod.spec?.hostname ?? vmi.metadata?.name,
      pidFile: join(dhcpDirectory, `${pod.metadata?.uid}.pid`),
      cgroups: podCgroups(cgroup, pod.metadata?.uid ?? ""),
    },
    signal,
  );
}

function podNetworkOf(vmi: VirtualMachineInstance, name: string): Network | undefined {
  return vmi.spec.networks?.find((network) => network.name === name);
}

function protocolOf(protocol: string | undefined): "TCP" | "UDP" | "SCTP" {
  return protocol === "UDP" || protocol === "SCTP" ? protocol : "TCP";
}
