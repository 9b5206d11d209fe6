import type { Command } from "commander";
import { withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { examples } from "../program.ts";
import { putSubresource } from "../subresource.ts";

export function define(command: Command): void {
  command.argument("<vmi>", "name of the VirtualMachineInstance").action((name: string) => reset(command, name));
  examples(command, ["Reset a guest that hangs, without shutting it down; the pod stays", "vmpod reset legacy"]);
}

async function reset(command: Command, name: string): Promise<void> {
  await withConnection(command, ({ client, namespace }) =>
    failing(
      `Error resetting VirtualMachineInstance ${name}:`,
      putSubresource(client, { kind: "vmi", namespace, name }, "reset", {}),
    ),
  );
  console.log(`VMI ${name} was scheduled to reset`);
}
