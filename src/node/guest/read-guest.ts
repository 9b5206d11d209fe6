/**
 * Asks the guest's agent. What it answers is a guest's word: every field is checked before it is passed on, and an
 * agent that does not know a command, or answers nonsense, only makes that part absent.
 */
import { QmpError } from "../../qemu/qmp/errors.ts";
import type { AgentClient } from "./agent-client.ts";
import type { GuestInterface, GuestOs, GuestReport } from "./guest-report.ts";

export async function readReport(agent: AgentClient): Promise<GuestReport> {
  const [os, hostname, interfaces] = [
    await readOs(agent),
    await readHostname(agent),
    parseInterfaces(await ask(agent, "guest-network-get-interfaces")),
  ];
  return { os, hostname, interfaces };
}

export async function readOs(agent: AgentClient): Promise<GuestOs | undefined> {
  const info = record(await ask(agent, "guest-get-osinfo"));
  return info && parseOs(info);
}

export async function readHostname(agent: AgentClient): Promise<string | undefined> {
  return text(record(await ask(agent, "guest-get-host-name"))?.["host-name"]);
}

/** Undefined when the agent refuses the command. */
export async function ask(agent: AgentClient, command: string): Promise<unknown> {
  try {
    return await agent.execute(command);
  } catch (error) {
    if (error instanceof QmpError) return undefined;
    throw error;
  }
}

export function parseOs(info: Record<string, unknown>): GuestOs {
  const fields: [keyof GuestOs, string][] = [
    ["id", "id"],
    ["kernelRelease", "kernel-release"],
    ["kernelVersion", "kernel-version"],
    ["machine", "machine"],
    ["name", "name"],
    ["prettyName", "pretty-name"],
    ["version", "version"],
    ["versionId", "version-id"],
  ];
  return Object.fromEntries(
    fields.flatMap(([ours, theirs]) => {
      const value = text(info[theirs]);
      return value === undefined ? [] : [[ours, value]];
    }),
  );
}

export function parseInterfaces(answer: unknown): GuestInterface[] {
  return list(answer).flatMap((each) => {
    const name = text(each["name"]);
    if (name === undefined || name === "lo") return [];
    const addresses = list(each["ip-addresses"]).flatMap((address) => text(address["ip-address"]) ?? []);
    return [
      {
        name,
        mac: text(each["hardware-address"])?.toLowerCase(),
        addresses: addresses.filter((address) => !/^(127\.|169\.254\.|::1$|fe80:)/i.test(address)),
      },
    ];
  });
}

const longestText = 256;

export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, longestText) : undefined;
}

export function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

export function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

export function list(value: unknown): Record<string, unknown>[] {
  if (!Array.isArray(value)) return [];
  return value.map(record).filter((each) => each !== undefined);
}
