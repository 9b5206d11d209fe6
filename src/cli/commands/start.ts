import type { Command } from "commander";
import { failing } from "../failing.ts";
import { withConnection } from "../connection.ts";
import { examples } from "../program.ts";
import { dryRunOption, putSubresource } from "../subresource.ts";

interface StartOptions {
  paused?: boolean;
  dryRun?: boolean;
}

export function define(command: Command): void {
  command
    .argument("<vm>", "name of the VirtualMachine")
    .option("--paused", "start it paused, before its first instruction")
    .option("--dry-run", "only check whether it could be started")
    .action((name: string, options: StartOptions) => start(command, name, options));
  examples(
    command,
    ["Start the machine legacy", "vmpod start legacy"],
    ["Start it paused, to look at its boot from the console", "vmpod start legacy --paused"],
  );
}

async function start(command: Command, name: string, options: StartOptions): Promise<void> {
  const body = { ...(options.paused && { paused: true }), ...dryRunOption(options.dryRun) };
  await withConnection(command, ({ client, namespace }) =>
    failing(`Error starting VirtualMachine`, putSubresource(client, { kind: "vm", namespace, name }, "start", body)),
  );
  console.log(`VM ${name} was scheduled to start`);
}
