/** What the status of a VMI needs to know of its guest. An agent that does not serve a command leaves that part out. */
import type { GuestAgent } from "../../qemu/guest-agent/client.ts";
import { guestInterfaces, type GuestInterface as AgentInterface, guestOsInfo } from "../../qemu/guest-agent/queries.ts";
import { QmpError } from "../../qemu/qmp/errors.ts";
import type { GuestInterface, GuestReport } from "./guest-report.ts";

export async function readReport(agent: GuestAgent): Promise<GuestReport> {
  const os = await unlessRefused(guestOsInfo(agent));
  const interfaces = (await unlessRefused(guestInterfaces(agent))) ?? [];
  return { os, interfaces: interfaces.filter(({ name }) => name !== "" && name !== "lo").map(simplify) };
}

/** Undefined when the agent does not serve, or an administrator has blocked, the command. */
export async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof QmpError) return undefined;
    throw error;
  }
}

const localAddress = /^(127\.|169\.254\.|::1$|fe80:)/i;

export function simplify({ name, macAddress, addresses }: AgentInterface): GuestInterface {
  return {
    name,
    mac: macAddress?.toLowerCase(),
    addresses: addresses.map(({ address }) => address).filter((address) => !localAddress.test(address)),
  };
}
