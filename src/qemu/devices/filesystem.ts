/** A file system is a device that another program serves: QEMU connects to it, and hands it the guest's memory. */
import { filesystemId } from "../domain/ids.ts";
import type { DeviceAction } from "./action.ts";
import type { Filesystem } from "./device.ts";
import type { ObservedDevices } from "./observe.ts";
import type { PortPool } from "./port-pool.ts";

/** As upstream has it; QEMU's own default is an eighth. */
const queueSize = 1024;

export function attachFilesystem(
  { name, socket }: Filesystem,
  observed: ObservedDevices,
  ports: PortPool,
): DeviceAction[] {
  const id = filesystemId(name);
  if (observed.devices.has(id)) return [];
  const device = {
    driver: "vhost-user-fs-pci",
    id,
    chardev: id,
    tag: name,
    "queue-size": queueSize,
    ...ports.placeOf(id),
  };
  return [{ command: "plug-filesystem", args: { socket, device } }];
}
