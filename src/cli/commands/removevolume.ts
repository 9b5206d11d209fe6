import type { Command } from "commander";
import { withConnection } from "../connection.ts";
import { failing } from "../failing.ts";
import { examples } from "../program.ts";
import { dryRunOption } from "../subresource.ts";
import { persistOption, requestVolume } from "../volume-request.ts";

interface RemoveOptions {
  volumeName: string;
  dryRun?: boolean;
}

export function define(command: Command): void {
  command
    .description("Takes a volume that was added from a machine, also while it runs. What is in the claim stays.")
    .argument("<vmi>", "name of the VirtualMachine, or of an instance that is none's")
    .requiredOption("--volume-name <name>", "of the volume in the machine's spec")
    .option(...persistOption)
    .option("--dry-run", "only check whether it would be accepted")
    .action((name: string, options: RemoveOptions) => remove(command, name, options));
  examples(command, ["Take a disk from a running machine", "vmpod removevolume legacy --volume-name=data"]);
}

async function remove(command: Command, vm: string, { volumeName, dryRun }: RemoveOptions): Promise<void> {
  const body = { name: volumeName, ...dryRunOption(dryRun) };
  await withConnection(command, async (connection) => {
    await failing("error removing volume,", requestVolume(connection, vm, "removevolume", body));
    console.log(`Successfully submitted remove volume request to VM ${vm} for volume ${volumeName}`);
  });
}
