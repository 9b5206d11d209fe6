/** Finds the objects a subresource is about, and turns verdicts into upstream's errors. */
import type { Denied } from "../../../api/kubevirt/admissibility.ts";
import { virtualMachineInstances, virtualMachines } from "../../../api/kubevirt/resources.ts";
import type { VirtualMachine, VirtualMachineInstance } from "../../../api/kubevirt/types.ts";
import { isStatus, StatusError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { unlessNotFound } from "../../client/unless-not-found.ts";

/** Upstream names the kinds in lower case and singular in its errors. */
export type Subject = "virtualmachine" | "virtualmachineinstance";

interface Key {
  namespace: string;
  name: string;
}

export async function getVm(client: Client, key: Key): Promise<VirtualMachine> {
  try {
    return await client.get(virtualMachines, key);
  } catch (error) {
    throw isStatus(error, "NotFound") ? notFound("virtualmachine", key.name) : error;
  }
}

export async function findVmi(client: Client, key: Key): Promise<VirtualMachineInstance | undefined> {
  return await unlessNotFound(client.get(virtualMachineInstances, key));
}

export async function getVmi(client: Client, key: Key): Promise<VirtualMachineInstance> {
  const vmi = await findVmi(client, key);
  if (vmi === undefined) throw notFound("virtualmachineinstance", key.name);
  return vmi;
}

function notFound(subject: Subject, name: string): StatusError {
  const details = { name, group: "kubevirt.io", kind: subject };
  return new StatusError("NotFound", `${subject}.kubevirt.io "${name}" not found`, details);
}

/** @throws StatusError when the verdict is a refusal. */
export function unlessDenied<T>(verdict: ({ verdict: "do" } & T) | Denied, subject: Subject, name: string): T {
  if (verdict.verdict === "denied") throw refusal(verdict, subject, name);
  return verdict;
}

function refusal({ reason, message }: Denied, subject: Subject, name: string): StatusError {
  const details = { name, group: "kubevirt.io", kind: subject };
  if (reason === "BadRequest") return new StatusError(reason, message, details);
  const what = `${subject}.kubevirt.io "${name}"`;
  if (reason === "Forbidden") return new StatusError(reason, `${what} is forbidden: ${message}`, details);
  return new StatusError(reason, `Operation cannot be fulfilled on ${what}: ${message}`, details);
}
