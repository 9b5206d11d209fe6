import type { Client } from "../client/client.ts";

const api = "/apis/subresources.kubevirt.io/v1";

export type MachineKind = "vm" | "vmi";

const plurals: Record<MachineKind, string> = { vm: "virtualmachines", vmi: "virtualmachineinstances" };

/** A machine that a command is about. */
export interface Machine {
  kind: MachineKind;
  namespace: string;
  name: string;
}

/** Path of an operation on a machine, e.g. `start` or `portforward/22/tcp`. */
export function subresourcePath({ kind, namespace, name }: Machine, operation: string): string {
  return `${api}/namespaces/${encodeURIComponent(namespace)}/${plurals[kind]}/${encodeURIComponent(name)}/${operation}`;
}

export async function putSubresource(client: Client, machine: Machine, operation: string, body: object): Promise<void> {
  await client.request("PUT", subresourcePath(machine, operation), body);
}

export function getSubresource<T>(client: Client, machine: Machine, operation: string): Promise<T> {
  return client.request<T>("GET", subresourcePath(machine, operation));
}

/** The body field that asks for a trial run. */
export function dryRunOption(dryRun: boolean | undefined): { dryRun?: string[] } {
  return dryRun ? { dryRun: ["All"] } : {};
}
