import type { Command } from "commander";
import { virtualMachines } from "../../api/kubevirt/resources.ts";
import { isStatus } from "../base/errors.ts";
import { type Connection, withConnection } from "./connection.ts";
import { failing } from "./failing.ts";
import { dryRunOption, type Machine, putSubresource } from "./subresource.ts";
import { parseTarget } from "./target.ts";

export interface FreezeOptions {
  dryRun?: boolean;
}

/** `pause` and `unpause` take `vm NAME`, `vmi NAME`, `vm/NAME` or `NAME`. */
export function freezeArguments(command: Command): Command {
  return command
    .argument("<type-and-name...>", "vm NAME or vmi NAME")
    .option("--dry-run", "only check whether it could be done");
}

export async function freeze(
  command: Command,
  verb: "pause" | "unpause",
  words: string[],
  options: FreezeOptions,
): Promise<void> {
  if (words.length > 2) throw new Error(`give one machine: vmpod ${verb} vm NAME`);
  await withConnection(command, async (connection) => {
    const target = parseTarget(words.join("/"), connection.namespace, "vm");
    const machine = { ...target, kind: "vmi" as const };
    const doing = verb === "pause" ? "pausing" : "unpausing";
    await failing(
      `Error ${doing} VirtualMachineInstance ${machine.name}:`,
      put(connection, verb, machine, options),
    ).catch((error: Error) => explainHalted(connection, target, error));
    console.log(`VMI ${machine.name} was scheduled to ${verb}`);
  });
}

function put({ client }: Connection, verb: string, machine: Machine, options: FreezeOptions): Promise<void> {
  return putSubresource(client, machine, verb, dryRunOption(options.dryRun));
}

/** "Not found" puzzles the owner of a VirtualMachine that is just not running. */
async function explainHalted({ client }: Connection, target: Machine, error: Error): Promise<never> {
  if (target.kind !== "vm" || !isStatus(error.cause, "NotFound")) throw error;
  const vm = await failing(`Error getting VirtualMachine ${target.name}:`, client.get(virtualMachines, target));
  if (vm.spec.runStrategy !== "Halted") throw error;
  throw new Error(`${error.message}. VirtualMachine ${target.name} is not set to run: \`vmpod start ${target.name}\``);
}
