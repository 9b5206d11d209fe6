/** guestosinfo, userlist and filesystemlist: the guest agent's answers in the shapes of `kubevirt.io/v1`. */
import type { AgentClient } from "./agent-client.ts";
import { ask, list, number, readHostname, readOs, record, text } from "./read-guest.ts";

const apiVersion = "kubevirt.io/v1";

export interface GuestUser {
  userName: string;
  domain?: string;
  loginTime?: number;
}

export interface GuestFilesystem {
  diskName: string;
  mountPoint: string;
  fileSystemType: string;
  usedBytes: number;
  totalBytes: number;
  disk?: { serial?: string; busType: string }[];
}

export async function guestAgentInfo(agent: AgentClient): Promise<object> {
  const info = record(await ask(agent, "guest-info"));
  const hostname = await readHostname(agent);
  const timezone = parseTimezone(await ask(agent, "guest-get-timezone"));
  return {
    kind: "VirtualMachineInstanceGuestAgentInfo",
    apiVersion,
    guestAgentVersion: text(info?.["version"]),
    supportedCommands: parseCommands(info?.["supported_commands"]),
    ...(hostname && { hostname }),
    os: (await readOs(agent)) ?? {},
    ...(timezone && { timezone }),
    userList: parseUsers(await ask(agent, "guest-get-users")),
    fsInfo: { disks: parseFilesystems(await ask(agent, "guest-get-fsinfo")) },
    fsFreezeStatus: text(await ask(agent, "guest-fsfreeze-status")) ?? "thawed",
  };
}

export async function userList(agent: AgentClient): Promise<object> {
  const items = parseUsers(await ask(agent, "guest-get-users"));
  return { kind: "VirtualMachineInstanceGuestOSUserList", apiVersion, metadata: {}, items };
}

export async function filesystemList(agent: AgentClient): Promise<object> {
  const items = parseFilesystems(await ask(agent, "guest-get-fsinfo"));
  return { kind: "VirtualMachineInstanceFileSystemList", apiVersion, metadata: {}, items };
}

function parseCommands(value: unknown): { name: string; enabled: boolean }[] {
  return list(value).flatMap((command) => {
    const name = text(command["name"]);
    return name === undefined ? [] : [{ name, enabled: command["enabled"] === true }];
  });
}

export function parseUsers(value: unknown): GuestUser[] {
  return list(value).flatMap((user) => {
    const userName = text(user["user"]);
    const domain = text(user["domain"]);
    return userName === undefined
      ? []
      : [{ userName, ...(domain && { domain }), loginTime: number(user["login-time"]) }];
  });
}

export function parseFilesystems(value: unknown): GuestFilesystem[] {
  return list(value).map((filesystem) => ({
    diskName: text(filesystem["name"]) ?? "",
    mountPoint: text(filesystem["mountpoint"]) ?? "",
    fileSystemType: text(filesystem["type"]) ?? "",
    usedBytes: number(filesystem["used-bytes"]),
    totalBytes: number(filesystem["total-bytes"]),
    disk: list(filesystem["disk"]).map((disk) => {
      const serial = text(disk["serial"]);
      return { ...(serial && { serial }), busType: text(disk["bus-type"]) ?? "" };
    }),
  }));
}

/** `UTC, 0` as upstream writes it: the zone and its offset in seconds. */
function parseTimezone(value: unknown): string | undefined {
  const answer = record(value);
  const zone = text(answer?.["zone"]);
  return zone === undefined ? undefined : `${zone}, ${number(answer?.["offset"])}`;
}
