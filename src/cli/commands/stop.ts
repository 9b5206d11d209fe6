import type { Command } from "commander";
import { withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { type ForceOptions, forcedGraceSeconds, forceOptions } from "../force.ts";
import { examples } from "../program.ts";
import { dryRunOption, putSubresource } from "../subresource.ts";

export function define(command: Command): void {
  forceOptions(command.argument("<vm>", "name of the VirtualMachine")).action((name: string, options: ForceOptions) =>
    stop(command, name, options),
  );
  examples(
    command,
    ["Shut the guest down cleanly, within its grace period", "vmpod stop legacy"],
    ["Pull the plug", "vmpod stop legacy --force --grace-period=0"],
  );
}

async function stop(command: Command, name: string, options: ForceOptions): Promise<void> {
  const gracePeriod = forcedGraceSeconds(options);
  const body = { ...(gracePeriod !== undefined && { gracePeriod }), ...dryRunOption(options.dryRun) };
  const operation =
    gracePeriod === undefined ? "error stopping VirtualMachine" : "error force stopping VirtualMachine:";
  await withConnection(command, ({ client, namespace }) =>
    failing(operation, putSubresource(client, { kind: "vm", namespace, name }, "stop", body)),
  );
  console.log(`VM ${name} was scheduled to stop`);
}
