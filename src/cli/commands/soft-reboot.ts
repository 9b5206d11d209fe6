import type { Command } from "commander";
import { withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { examples } from "../program.ts";
import { putSubresource } from "../subresource.ts";

export function define(command: Command): void {
  command.argument("<vmi>", "name of the VirtualMachineInstance").action((name: string) => softReboot(command, name));
  examples(command, ["Reboot by the guest agent or the ACPI button; the pod stays", "vmpod soft-reboot legacy"]);
}

async function softReboot(command: Command, name: string): Promise<void> {
  await withConnection(command, ({ client, namespace }) =>
    failing(
      `Error soft rebooting VirtualMachineInstance ${name}:`,
      putSubresource(client, { kind: "vmi", namespace, name }, "softreboot", {}),
    ),
  );
  console.log(`VMI ${name} was scheduled to soft-reboot`);
}
