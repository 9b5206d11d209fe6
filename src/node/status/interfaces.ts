/** `status.interfaces`: what QEMU has, completed by what the guest's agent tells. Pure. */
import { attachmentsOf } from "../../../api/network-attachments.ts";
import type { Interface, VirtualMachineInstanceStatus } from "../../../api/kubevirt/types.ts";
import { nicId } from "../../qemu/domain/ids.ts";
import { asBooted } from "../../../api/kubevirt/as-booted.ts";
import { isOnPodNetwork, linksOf, macOf, queueCountOf, specifiedInterfaces } from "../domain/desired-devices.ts";
import { linkState } from "../domain/links.ts";
import type { Observation } from "../domain/observation.ts";
import type { GuestInterface } from "../guest/guest-report.ts";

type InterfaceStatus = NonNullable<VirtualMachineInstanceStatus["interfaces"]>[number];

export function decideInterfaces(observation: Observation): InterfaceStatus[] {
  const { vmi, machine, guest } = observation;
  const specified = specifiedInterfaces(vmi)
    .filter((nic) => machine?.devices.devices.has(nicId(nic.name)))
    .map((nic) => decideInterface(observation, nic));
  const macs = new Set(specified.map((nic) => nic.mac));
  return [...specified, ...(guest?.interfaces ?? []).filter((each) => !macs.has(each.mac ?? "")).map(guestOnly)];
}

function decideInterface(observation: Observation, nic: Interface): InterfaceStatus {
  const { vmi, pod, guest } = observation;
  const mac = macOf(vmi, nic);
  const { uplink } = linksOf(vmi, nic);
  const inGuest = guest?.interfaces.find((each) => each.mac === mac);
  const attached = attachmentsOf(pod).find((each) => each.interface === uplink);
  const sources = ["domain", ...(inGuest ? ["guest-agent"] : []), ...(attached ? ["multus-status"] : [])];
  return {
    name: nic.name,
    mac,
    ...(isOnPodNetwork(vmi, nic) ? podAddresses(observation) : addresses(inGuest?.addresses ?? attached?.ips ?? [])),
    podInterfaceName: uplink,
    infoSource: sources.join(", "),
    ...(inGuest && { interfaceName: inGuest.name }),
    queueCount: queueCountOf(asBooted(vmi).spec, nic),
    linkState: linkState(observation, nic.name),
  };
}

/** The address by which the guest is reached is its pod's; its own is the same for every guest. */
function podAddresses({ pod }: Observation): Pick<InterfaceStatus, "ipAddress" | "ipAddresses"> {
  const told = (pod.status?.podIPs ?? []).flatMap((each) => each.ip ?? []);
  const all = told.length > 0 ? told : [pod.status?.podIP ?? ""].filter((ip) => ip !== "");
  return addresses(all);
}

function addresses(all: readonly string[]): Pick<InterfaceStatus, "ipAddress" | "ipAddresses"> {
  return all.length > 0 ? { ipAddress: all[0], ipAddresses: [...all] } : {};
}

/** Made by the guest itself: bridges, tunnels. */
function guestOnly({ name, mac, addresses: all }: GuestInterface): InterfaceStatus {
  return {
    interfaceName: name,
    ...(mac && { mac }),
    ...addresses(all),
    infoSource: "guest-agent",
  };
}
