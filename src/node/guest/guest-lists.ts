/** guestosinfo, userlist and filesystemlist: the guest agent's answers in the shapes of `kubevirt.io/v1`. */
import type { GuestAgent } from "../../qemu/guest-agent/client.ts";
import {
  guestAgentInfo,
  guestFilesystems,
  type GuestFilesystem,
  guestFreezeStatus,
  guestHostName,
  guestOsInfo,
  guestTimezone,
  type GuestUser,
  guestUsers,
} from "../../qemu/guest-agent/queries.ts";
import { unlessRefused } from "./read-guest.ts";

const apiVersion = "kubevirt.io/v1";

export async function describeGuest(agent: GuestAgent): Promise<object> {
  const info = await guestAgentInfo(agent);
  const timezone = await unlessRefused(guestTimezone(agent));
  return {
    kind: "VirtualMachineInstanceGuestAgentInfo",
    apiVersion,
    guestAgentVersion: info.version,
    supportedCommands: info.commands,
    hostname: await unlessRefused(guestHostName(agent)),
    os: (await unlessRefused(guestOsInfo(agent))) ?? {},
    ...(timezone?.zone && { timezone: `${timezone.zone}, ${timezone.offsetSeconds ?? 0}` }),
    userList: await users(agent),
    fsInfo: { disks: await filesystems(agent) },
    fsFreezeStatus: (await unlessRefused(guestFreezeStatus(agent))) ?? "thawed",
  };
}

export async function listUsers(agent: GuestAgent): Promise<object> {
  return { kind: "VirtualMachineInstanceGuestOSUserList", apiVersion, metadata: {}, items: await users(agent) };
}

export async function listFilesystems(agent: GuestAgent): Promise<object> {
  return { kind: "VirtualMachineInstanceFileSystemList", apiVersion, metadata: {}, items: await filesystems(agent) };
}

async function users(agent: GuestAgent): Promise<object[]> {
  return ((await unlessRefused(guestUsers(agent))) ?? []).map(userOf);
}

async function filesystems(agent: GuestAgent): Promise<object[]> {
  return ((await unlessRefused(guestFilesystems(agent))) ?? []).map(filesystemOf);
}

export function userOf({ name, domain, loginTimeSeconds }: GuestUser): object {
  return { userName: name, ...(domain && { domain }), loginTime: loginTimeSeconds ?? 0 };
}

export function filesystemOf(filesystem: GuestFilesystem): object {
  return {
    diskName: filesystem.name,
    mountPoint: filesystem.mountpoint,
    fileSystemType: filesystem.type,
    usedBytes: filesystem.usedBytes ?? 0,
    totalBytes: filesystem.totalBytes ?? 0,
    disk: filesystem.disks.map(({ serial, busType }) => ({ ...(serial && { serial }), busType: busType ?? "" })),
  };
}
