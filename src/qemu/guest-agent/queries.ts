/** What vmpod asks guests, with the answers cut to their documented shapes (qga/qapi-schema.json). */
import type { GuestAgent, GuestCallOptions } from "./client.ts";
import { fieldsOf, listOf, numberOf, textOf } from "./shape.ts";

export interface GuestOsInfo {
  id?: string;
  name?: string;
  prettyName?: string;
  version?: string;
  versionId?: string;
  kernelRelease?: string;
  kernelVersion?: string;
  machine?: string;
}

export interface GuestInterface {
  name: string;
  macAddress?: string;
  addresses: { address: string; family: "ipv4" | "ipv6"; prefixLength: number }[];
}

export interface GuestUser {
  name: string;
  domain?: string;
  loginTimeSeconds?: number;
}

export interface GuestFilesystem {
  name: string;
  mountpoint: string;
  type: string;
  usedBytes?: number;
  totalBytes?: number;
  disks: { busType?: string; serial?: string; device?: string }[];
}

/** Load averages. */
export interface GuestLoad {
  oneMinute?: number;
  fiveMinutes?: number;
  fifteenMinutes?: number;
}

export interface GuestAgentInfo {
  version?: string;
  commands: { name: string; enabled: boolean }[];
}

export async function guestPing(agent: GuestAgent, options?: GuestCallOptions): Promise<void> {
  await agent.call("guest-ping", {}, options);
}

export async function guestAgentInfo(agent: GuestAgent, options?: GuestCallOptions): Promise<GuestAgentInfo> {
  const info = fieldsOf(await agent.call("guest-info", {}, options));
  const commands = listOf(info["supported_commands"]).map((each) => ({
    name: textOf(each["name"]) ?? "",
    enabled: each["enabled"] === true,
  }));
  return { version: textOf(info["version"]), commands };
}

export async function guestOsInfo(agent: GuestAgent, options?: GuestCallOptions): Promise<GuestOsInfo> {
  const info = fieldsOf(await agent.call("guest-get-osinfo", {}, options));
  return {
    id: textOf(info["id"]),
    name: textOf(info["name"]),
    prettyName: textOf(info["pretty-name"]),
    version: textOf(info["version"]),
    versionId: textOf(info["version-id"]),
    kernelRelease: textOf(info["kernel-release"]),
    kernelVersion: textOf(info["kernel-version"]),
    machine: textOf(info["machine"]),
  };
}

export async function guestHostName(agent: GuestAgent, options?: GuestCallOptions): Promise<string | undefined> {
  return textOf(fieldsOf(await agent.call("guest-get-host-name", {}, options))["host-name"]);
}

export async function guestTimezone(
  agent: GuestAgent,
  options?: GuestCallOptions,
): Promise<{ zone?: string; offsetSeconds?: number }> {
  const answer = fieldsOf(await agent.call("guest-get-timezone", {}, options));
  return { zone: textOf(answer["zone"]), offsetSeconds: numberOf(answer["offset"]) };
}

export async function guestInterfaces(agent: GuestAgent, options?: GuestCallOptions): Promise<GuestInterface[]> {
  const answer = listOf(await agent.call("guest-network-get-interfaces", {}, options));
  return answer.map((each) => ({
    name: textOf(each["name"]) ?? "",
    macAddress: textOf(each["hardware-address"]),
    addresses: listOf(each["ip-addresses"]).flatMap((address) => {
      const text = textOf(address["ip-address"]);
      const family = address["ip-address-type"] === "ipv6" ? "ipv6" : "ipv4";
      return text === undefined
        ? []
        : [{ address: text, family, prefixLength: numberOf(address["prefix"]) ?? 0 } as const];
    }),
  }));
}

export async function guestUsers(agent: GuestAgent, options?: GuestCallOptions): Promise<GuestUser[]> {
  return listOf(await agent.call("guest-get-users", {}, options)).map((each) => ({
    name: textOf(each["user"]) ?? "",
    domain: textOf(each["domain"]),
    loginTimeSeconds: numberOf(each["login-time"]),
  }));
}

export async function guestFilesystems(agent: GuestAgent, options?: GuestCallOptions): Promise<GuestFilesystem[]> {
  return listOf(await agent.call("guest-get-fsinfo", {}, options)).map((each) => ({
    name: textOf(each["name"]) ?? "",
    mountpoint: textOf(each["mountpoint"], 4096) ?? "",
    type: textOf(each["type"]) ?? "",
    usedBytes: numberOf(each["used-bytes"]),
    totalBytes: numberOf(each["total-bytes"]),
    disks: listOf(each["disk"]).map((disk) => ({
      busType: textOf(disk["bus-type"]),
      serial: textOf(disk["serial"]),
      device: textOf(disk["dev"]),
    })),
  }));
}

/** Agents know it since QEMU 10. */
export async function guestLoad(agent: GuestAgent, options?: GuestCallOptions): Promise<GuestLoad> {
  const load = fieldsOf(await agent.call("guest-get-load", {}, options));
  return {
    oneMinute: numberOf(load["load1m"]),
    fiveMinutes: numberOf(load["load5m"]),
    fifteenMinutes: numberOf(load["load15m"]),
  };
}

/** How many file systems were frozen. Freezing writes everything back first, which takes its time. */
export async function guestFreeze(agent: GuestAgent, options?: GuestCallOptions): Promise<number> {
  return numberOf(await agent.call("guest-fsfreeze-freeze", {}, { timeoutMs: 60_000, ...options })) ?? 0;
}

export async function guestThaw(agent: GuestAgent, options?: GuestCallOptions): Promise<number> {
  return numberOf(await agent.call("guest-fsfreeze-thaw", {}, { timeoutMs: 60_000, ...options })) ?? 0;
}

export async function guestFreezeStatus(agent: GuestAgent, options?: GuestCallOptions): Promise<"thawed" | "frozen"> {
  return (await agent.call("guest-fsfreeze-status", {}, options)) === "frozen" ? "frozen" : "thawed";
}

export async function guestShutdown(agent: GuestAgent, mode: "powerdown" | "halt" | "reboot"): Promise<void> {
  await agent.send("guest-shutdown", { mode });
}
