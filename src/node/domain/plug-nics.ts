/**
 * The NICs of a running guest come and go as its interfaces do. Pure.
 *
 *   an interface is there    its links in the pod ─▶ netdev_add, device_add
 *   it is absent             device_del ─▶ the guest lets go ─▶ netdev_del ─▶ its links are removed
 *
 * A guest that does not let go (it still boots, or has no driver) is asked again after a while. A NIC that goes leaves its place in the
 * machine to itself: where the guest moves to, each is where it was.
 */
import { usesPasst } from "../../../api/kubevirt/passt.ts";
import type { DeviceAction } from "../../qemu/devices/action.ts";
import { planDevices } from "../../qemu/devices/plan.ts";
import { netdevId } from "../../qemu/domain/ids.ts";
import { desiredNics, guestInterfaces, specifiedInterfaces } from "./desired-devices.ts";
import type { Observation } from "./observation.ts";

/** @throws TerminalError when there is no place for one more */
export function planNics({ vmi, machine, unplugAsked }: Observation): DeviceAction[] {
  if (machine === undefined) return [];
  return planDevices(desiredNics(vmi), machine.devices).filter(
    (action) => concernsNic(action) && !(action.command === "device_del" && unplugAsked.has(action.args.id)),
  );
}

function concernsNic(action: DeviceAction): boolean {
  if (action.command === "device_add" || action.command === "device_del") return action.args.id.startsWith("nic-");
  return ["netdev_add", "netdev_del", "set_link"].includes(action.command);
}

/** The interfaces whose links in the pod are used: those that the guest is to have, and those that QEMU still holds. */
export function linkedInterfaces({ vmi, machine }: Pick<Observation, "vmi" | "machine">): string[] {
  const wanted = new Set(guestInterfaces(vmi).map(({ name }) => name));
  const isUsed = (name: string): boolean => wanted.has(name) || machine?.devices.netdevs.has(netdevId(name)) === true;
  return specifiedInterfaces(vmi)
    .map(({ name }) => name)
    .filter(isUsed);
}

/** Those whose packets passt carries, once QEMU listens for it. */
export function listeningInterfaces({ vmi, machine }: Pick<Observation, "vmi" | "machine">): string[] {
  return guestInterfaces(vmi)
    .filter((nic) => usesPasst(nic) && machine?.devices.netdevs.has(netdevId(nic.name)) === true)
    .map(({ name }) => name);
}
