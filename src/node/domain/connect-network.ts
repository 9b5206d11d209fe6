/** Builds the guest's network inside its pod's namespace, or mends it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../../api/core.ts";
import { asBooted } from "../../../api/kubevirt/as-booted.ts";
import { runtimeUser } from "../../../api/kubevirt/names.ts";
import type { Interface, Network, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import type { DhcpOption } from "../../network/dhcp-argv.ts";
import { guestSubnet } from "../../network/guest-subnet.ts";
import { podCgroups } from "../../network/pod-cgroup.ts";
import { defaultGuestCidr, names } from "../../network/pod-network.ts";
import { type NetworkRequest, reconcileNetwork } from "../../network/reconcile-network.ts";
import { parseResolvConf, type Resolver } from "../../network/resolv-conf.ts";
import { wantsMetadata } from "../metadata/metadata-services.ts";
import { hostPathOf, netnsOf } from "../process/container-files.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { hasQueues, macOf, podInterfaces } from "./desired-devices.ts";

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
  const [resolvConf, cgroup] = await Promise.all([
    readFile(hostPathOf(qemu.pid, "/etc/resolv.conf"), "utf8"),
    readFile(`/proc/${qemu.pid}/cgroup`, "utf8"),
  ]);
  const place = {
    resolver: parseResolvConf(resolvConf),
    pidFile: join(dhcpDirectory, `${pod.metadata?.uid}.pid`),
    cgroups: podCgroups(cgroup, pod.metadata?.uid ?? ""),
  };
  await reconcileNetwork(netnsOf(qemu.pid), networkRequest({ vmi, pod, nic }, place), signal);
}

/** What is found in the pod. */
interface Place {
  resolver: Resolver;
  pidFile: string;
  cgroups: readonly string[];
}

/** The network that an interface asks for. Pure. */
export function networkRequest(
  { vmi, pod, nic }: Pick<NetworkTarget, "vmi" | "pod"> & { nic: Interface },
  place: Place,
): NetworkRequest {
  const subnet = guestSubnet(podNetworkOf(vmi, nic.name)?.pod?.vmNetworkCIDR || defaultGuestCidr);
  return {
    network: {
      ...subnet,
      uplink: names.uplink,
      bridge: names.bridge,
      tap: names.tap,
      guestMac: macOf(vmi, nic),
      multiqueue: hasQueues(asBooted(vmi).spec, nic),
      owner: runtimeUser,
      ...(wantsMetadata(vmi) && { metadata: true }),
      ports: [
        ...(nic.ports ?? []).map(({ port, protocol }) => ({ port, protocol: protocolOf(protocol) })),
        ...(nic.portRanges ?? []).map(({ start, end, protocol }) => ({
          port: start,
          lastPort: end,
          protocol: protocolOf(protocol),
        })),
      ],
    },
    hostname: pod.spec?.hostname ?? vmi.metadata?.name,
    extraOptions: dhcpOptions(nic.dhcpOptions),
    ...place,
  };
}

/** By their numbers in RFC 2132. */
const optionCodes = { ntpServers: 42, tftpServerName: 66, bootFileName: 67 } as const;

function dhcpOptions(given: Interface["dhcpOptions"] = {}): DhcpOption[] {
  const { bootFileName, tftpServerName, ntpServers = [], privateOptions = [] } = given;
  return [
    ...(tftpServerName ? [{ code: optionCodes.tftpServerName, value: { knownText: tftpServerName } }] : []),
    ...(bootFileName ? [{ code: optionCodes.bootFileName, value: { knownText: bootFileName } }] : []),
    ...(ntpServers.length > 0 ? [{ code: optionCodes.ntpServers, value: { addresses: ntpServers } }] : []),
    ...privateOptions.map(({ option, value }) => ({ code: option, value: { text: value } })),
  ];
}

function podNetworkOf(vmi: VirtualMachineInstance, name: string): Network | undefined {
  return vmi.spec.networks?.find((network) => network.name === name);
}

function protocolOf(protocol: string | undefined): "TCP" | "UDP" | "SCTP" {
  return protocol === "UDP" || protocol === "SCTP" ? protocol : "TCP";
}
