/** Builds the guest's network inside its pod's namespace, or mends it. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Pod } from "../../../api/core.ts";
import { attachmentsOf } from "../../../api/network-attachments.ts";
import { asBooted } from "../../../api/kubevirt/as-booted.ts";
import { usesPasst } from "../../../api/kubevirt/passt.ts";
import { runtimeUser } from "../../../api/kubevirt/names.ts";
import type { Interface, Network, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { secondaryLinks } from "../../network/bridged-network.ts";
import type { DhcpOption } from "../../network/dhcp-argv.ts";
import { listDhcpProcesses, stopDhcp } from "../../network/dhcp-process.ts";
import { guestSubnet, guestSubnet6 } from "../../network/guest-subnet.ts";
import { podCgroups } from "../../network/pod-cgroup.ts";
import { type PasstRequest, reconcilePasst } from "../../network/passt-process.ts";
import { defaultGuestCidr, defaultGuestCidr6, podLinks, type PortForward } from "../../network/pod-network.ts";
import {
  type BridgedRequest,
  type NetworkRequest,
  reconcileBridged,
  reconcileNetwork,
  removeUnusedLinks,
} from "../../network/reconcile-network.ts";
import { parseResolvConf, type Resolver } from "../../network/resolv-conf.ts";
import { launcherPaths } from "../../qemu/domain/paths.ts";
import { wantsMetadata } from "../metadata/metadata-services.ts";
import { hostPathOf, netnsOf, socketOf } from "../process/container-files.ts";
import type { QemuProcess } from "../process/find-qemu.ts";
import { guestInterfaces, hasQueues, isOnPodNetwork, linksOf, macOf } from "./desired-devices.ts";

export interface NetworkTarget {
  vmi: VirtualMachineInstance;
  pod: Pod;
  qemu: QemuProcess;
  /** Where DHCP answerers leave their pids. */
  dhcpDirectory: string;
  /** Interfaces for whose packets QEMU listens. */
  listening: readonly string[];
  /** Its pod is given interfaces while it runs; before, all were there when its first container began. */
  hasStarted: boolean;
}

export async function connectNetwork(target: NetworkTarget, signal: AbortSignal): Promise<void> {
  const { vmi, qemu } = target;
  const nics = guestInterfaces(vmi);
  if (nics.length === 0) return;
  const place = await placeOf(target);
  const netns = netnsOf(qemu.pid);
  for (const nic of nics) {
    if (nic.masquerade) await reconcileNetwork(netns, networkRequest({ ...target, nic }, place), signal);
    else if (usesPasst(nic)) await carry(target, nic, place, signal);
    else await reconcileBridged(netns, bridgedRequest({ ...target, nic }, place), signal);
  }
}

/** Before QEMU listens there is nothing to do: it is looked at again when it does. */
async function carry(target: NetworkTarget, nic: Interface, place: Place, signal: AbortSignal): Promise<void> {
  const { pid } = target.qemu;
  if (!target.listening.includes(nic.name)) return;
  const where = {
    netnsPath: netnsOf(pid),
    socketPath: socketOf(pid, "passt"),
    directory: hostPathOf(pid, launcherPaths.passt),
  };
  await reconcilePasst(where, passtRequest({ ...target, nic }, place), signal);
}

/** The guest has let go of them: what connected its interfaces with other networks goes. */
export async function disconnectNetworks(
  { pod, qemu, dhcpDirectory }: NetworkTarget,
  linked: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const kept = linked.map(secondaryLinks);
  const answerers = await listDhcpProcesses(dhcpDirectory);
  const taps = new Set(kept.map(({ tap }) => tap));
  for (const dhcp of answerers) {
    const [uid, tap] = basename(dhcp.pidFile).split(".");
    if (uid === pod.metadata?.uid && tap !== "pid" && !taps.has(tap ?? "")) await stopDhcp(dhcp);
  }
  await removeUnusedLinks(netnsOf(qemu.pid), kept, signal);
}

async function placeOf({ pod, qemu, dhcpDirectory }: NetworkTarget): Promise<Place> {
  const [resolvConf, cgroup] = await Promise.all([
    readFile(hostPathOf(qemu.pid, "/etc/resolv.conf"), "utf8"),
    readFile(`/proc/${qemu.pid}/cgroup`, "utf8"),
  ]);
  return {
    resolver: parseResolvConf(resolvConf),
    pidFile: join(dhcpDirectory, `${pod.metadata?.uid}.pid`),
    cgroups: podCgroups(cgroup, pod.metadata?.uid ?? ""),
  };
}

/** What is found in the pod. */
interface Place {
  resolver: Resolver;
  pidFile: string;
  cgroups: readonly string[];
}

type InterfaceTarget = Pick<NetworkTarget, "vmi" | "pod" | "hasStarted"> & { nic: Interface };

/** The network that an interface with masquerade asks for. Pure. */
export function networkRequest({ vmi, pod, nic }: Omit<InterfaceTarget, "hasStarted">, place: Place): NetworkRequest {
  const { vmNetworkCIDR, vmIPv6NetworkCIDR } = podNetworkOf(vmi, nic.name)?.pod ?? {};
  return {
    network: {
      ...guestSubnet(vmNetworkCIDR || defaultGuestCidr),
      ipv6: guestSubnet6(vmIPv6NetworkCIDR || defaultGuestCidr6),
      ...podLinks,
      guestMac: macOf(vmi, nic),
      multiqueue: hasQueues(asBooted(vmi).spec, nic),
      owner: runtimeUser,
      ...(wantsMetadata(vmi) && { metadata: true }),
      ports: portsOf(nic),
    },
    hostname: pod.spec?.hostname ?? vmi.metadata?.name,
    extraOptions: dhcpOptions(nic.dhcpOptions),
    ...place,
  };
}

/** The same for one with the bridge binding. What the pod resolves by is on its own network only. Pure. */
export function bridgedRequest({ vmi, pod, nic, hasStarted }: InterfaceTarget, place: Place): BridgedRequest {
  const links = linksOf(vmi, nic);
  const isOwn = isOnPodNetwork(vmi, nic);
  return {
    network: {
      ...links,
      guestMac: macOf(vmi, nic),
      multiqueue: hasQueues(asBooted(vmi).spec, nic),
      owner: runtimeUser,
      isAttached: isOwn || !hasStarted || attachmentsOf(pod).some((each) => each.interface === links.uplink),
    },
    hostname: pod.spec?.hostname ?? vmi.metadata?.name,
    extraOptions: dhcpOptions(nic.dhcpOptions),
    resolver: isOwn ? place.resolver : { servers: [], servers6: [], searchDomains: [] },
    pidFile: isOwn ? place.pidFile : place.pidFile.replace(/\.pid$/, `.${links.tap}.pid`),
    cgroups: place.cgroups,
  };
}

/** The same for one that passt carries. Pure. */
export function passtRequest(
  { vmi, pod, nic }: Omit<InterfaceTarget, "hasStarted">,
  { resolver, cgroups }: Place,
): PasstRequest {
  return {
    network: { uplink: podLinks.uplink, ports: portsOf(nic) },
    hostname: pod.spec?.hostname ?? vmi.metadata?.name,
    resolver,
    owner: runtimeUser,
    cgroups,
  };
}

function portsOf({ ports = [], portRanges = [] }: Interface): PortForward[] {
  return [
    ...ports.map(({ port, protocol }) => ({ port, protocol: protocolOf(protocol) })),
    ...portRanges.map(({ start, end, protocol }) => ({ port: start, lastPort: end, protocol: protocolOf(protocol) })),
  ];
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
