import type { Command } from "commander";
import { withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { type ForceOptions, forcedGraceSeconds, forceOptions } from "../force.ts";
import { examples } from "../program.ts";
import { dryRunOption, putSubresource } from "../subresource.ts";

export function define(command: Command): void {
  forceOptions(command.argument("<vm>", "name of the VirtualMachine")).action((name: string, options: ForceOptions) =>
    restart(command, name, options),
  );
  examples(
    command,
    ["Shut the guest down cleanly and start it again", "vmpod restart legacy"],
    ["Do not wait for a guest that hangs", "vmpod restart legacy --force --grace-period=0"],
  );
}

async function restart(command: Command, name: string, options: ForceOptions): Promise<void> {
  const graceSeconds = forcedGraceSeconds(options);
  const body = {
    ...(graceSeconds !== undefined && { gracePeriodSeconds: graceSeconds }),
    ...dryRunOption(options.dryRun),
  };
  const operation = graceSeconds === undefined ? "restarting" : "force restarting";
  await withConnection(command, ({ client, namespace }) =>
    failing(
      `error ${operation} VirtualMachine:`,
      putSubresource(client, { kind: "vm", namespace, name }, "restart", body),
    ),
  );
  console.log(`VM ${name} was scheduled to restart`);
}
