import type { Command } from "commander";
import { withConnection } from "./connection.ts";
import { failing } from "./failing.ts";
import { getSubresource } from "./subresource.ts";

/** Prints what the guest agent answers to one question. */
export async function guestReport(command: Command, name: string, operation: string): Promise<void> {
  await withConnection(command, async ({ client, namespace }) => {
    const machine = { kind: "vmi" as const, namespace, name };
    const operationName = `Error asking the guest agent of VirtualMachineInstance ${name}:`;
    const answer = await failing(operationName, getSubresource<unknown>(client, machine, operation));
    console.log(JSON.stringify(answer, undefined, 2));
  });
}
