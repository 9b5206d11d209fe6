/** `status.interfaces`: what QEMU has, completed by what the guest's agent tells. Pure. */
import type { VirtualMachineInstanceStatus } from "../../../api/kubevirt/types.ts";
import { names } from "../../network/pod-network.ts";
import { nicId } from "../../qemu/domain/ids.ts";
import { macOf, podInterfaces } from "../domain/desired-devices.ts";
import { linkState } from "../domain/links.ts";
import type { Observation } from "../domain/observation.ts";
import type { GuestInterface } from "../guest/guest-report.ts";

type InterfaceStatus = NonNullable<VirtualMachineInstanceStatus["interfaces"]>[number];

export function decideInterfaces(observation: Observation): InterfaceStatus[] {
  const { vmi, machine, guest } = observation;
  const specified = podInterfaces(vmi)
    .filter((nic) => machine?.devices.devices.has(nicId(nic.name)))
    .map((nic): InterfaceStatus => {
      const mac = macOf(vmi, nic);
      const inGuest = guest?.interfaces.find((each) => each.mac === mac);
      return {
        name: nic.name,
        mac,
        ...podAddresses(observation),
        podInterfaceName: names.uplink,
        infoSource: inGuest ? "domain, guest-agent" : "domain",
        ...(inGuest && { interfaceName: inGuest.name }),
        queueCount: 1,
        linkState: linkState(observation, nic.name),
      };
    });
  const macs = new Set(specified.map((nic) => nic.mac));
  return [...specified, ...(guest?.interfaces ?? []).filter((each) => !macs.has(each.mac ?? "")).map(guestOnly)];
}

/** The address by which the guest is reached is its pod's; its own is the same for every guest. */
function podAddresses({ pod }: Observation): Pick<InterfaceStatus, "ipAddress" | "ipAddresses"> {
  const addresses = (pod.status?.podIPs ?? []).flatMap((each) => each.ip ?? []);
  const all = addresses.length > 0 ? addresses : [pod.status?.podIP ?? ""].filter((ip) => ip !== "");
  return all.length > 0 ? { ipAddress: all[0], ipAddresses: all } : {};
}

/** Made by the guest itself: bridges, tunnels. */
function guestOnly({ name, mac, addresses }: GuestInterface): InterfaceStatus {
  return {
    interfaceName: name,
    ...(mac && { mac }),
    ...(addresses[0] && { ipAddress: addresses[0], ipAddresses: addresses }),
    infoSource: "guest-agent",
  };
}
