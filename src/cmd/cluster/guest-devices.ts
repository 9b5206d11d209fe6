/** Which devices of this node guests may use, as resources that the kubelet counts. */
import { existsSync } from "node:fs";
import { deviceResources, runtimeUser } from "../../../api/kubevirt/names.ts";
import type { DeviceResource } from "../../device-plugin/device-resource.ts";
import { ensurePrivateNode } from "../../device-plugin/private-node.ts";

/** As many as pods could ever be on a node: sharing these devices costs nothing. */
const capacity = 1000;

export interface GuestDevicesOptions {
  /** For nodes that QEMU's user may open. */
  directory: string;
  /** A test guest ran on /dev/kvm. */
  kvmUsable: boolean;
}

export async function guestDevices({ directory, kvmUsable }: GuestDevicesOptions): Promise<DeviceResource[]> {
  const offered = [
    { name: deviceResources.tun, path: "/dev/net/tun", usable: true },
    { name: deviceResources.kvm, path: "/dev/kvm", usable: kvmUsable },
    { name: deviceResources.vhostNet, path: "/dev/vhost-net", usable: true },
  ];
  const usable = offered.filter((device) => device.usable && existsSync(device.path));
  return Promise.all(
    usable.map(async ({ name, path }) => {
      const hostPath = await ensurePrivateNode({ source: path, directory, owner: runtimeUser });
      return { name, capacity, device: { hostPath, containerPath: path } };
    }),
  );
}
